#include "limbic/curriculum/condition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

Condition condition(const std::string& yaml) { return config::parse<Condition>(yaml, "a.yaml"); }

void expect_refused(const std::string& yaml, const std::string& message) {
  EXPECT_THAT([&] { condition(yaml); }, ThrowsMessage<ConfigError>(StrEq(message)));
}

constexpr const char* kTree =
    "{any: [{metric: eval/predict, below: 0.7, for: 3 evals}, {all: [{plateau: eval/auroc, "
    "patience: 5 evals, min_delta: 0.01, direction: higher}, {after: 4k steps}]}]}";

TEST(ConditionTest, ReadsAsPlainEnglish) {
  EXPECT_EQ(condition(kTree).text(),
            "eval/predict below 0.7 for 3 evals or (eval/auroc not higher by 0.01 in 5 evals and "
            "after 4000 steps)");
}

TEST(ConditionTest, OfANumberThatIsNotWholeFourDigitsAreTold) {
  EXPECT_EQ(number_text(40000), "40000");
  EXPECT_EQ(number_text(-123456789), "-123456789");
  EXPECT_EQ(number_text(1e15), "1e+15");
  EXPECT_EQ(number_text(1234.5678), "1235");
  EXPECT_EQ(number_text(0.00012345), "0.0001234");
  EXPECT_EQ(number_text(std::nan("")), "NaN");
}

TEST(ConditionTest, APlateauNeedNotSayWhichWayIsBetter) {
  const Condition open = condition("{plateau: eval/x, patience: 1 eval}");
  EXPECT_EQ(open.direction, std::nullopt);
  EXPECT_EQ(open.text(), "eval/x not better in 1 eval");
  EXPECT_EQ(condition(config::to_yaml(config::dump(open))).direction, std::nullopt);
}

TEST(ConditionTest, TheReferenceHasTheKeysOfEachKind) {
  const std::string reference = config::markdown(config::describe<Condition>({}), "Conditions");
  EXPECT_THAT(reference, HasSubstr("\n## A value that is a condition\n"));
  EXPECT_THAT(reference,
              HasSubstr("| `min_delta` | number at least 0 | `0` | what counts as better "
                        "[the metric's unit] |\n"));
  EXPECT_THAT(reference, HasSubstr("| `any` | list of condition | required | one of them must hold "
                                   "|\n"));
  for (const char* key :
       {"after", "metric", "below", "above", "for", "plateau", "patience", "direction", "all"})
    EXPECT_THAT(reference, HasSubstr(concat("\n| `", key, "` | ")));
}

TEST(ConditionTest, TheSchemaHasAMapForEachKind) {
  const auto forms = nlohmann::json::parse(
      config::json_schema(config::describe<Condition>({}), "conditions"))["anyOf"];
  ASSERT_EQ(forms.size(), 5);
  EXPECT_EQ(forms[1]["required"], nlohmann::json::array({"metric", "for"}));
  EXPECT_TRUE(forms[1]["properties"].contains("above"));
  EXPECT_EQ(forms[2]["required"], nlohmann::json::array({"plateau", "patience"}));
}

TEST(ConditionTest, DumpReadsBackExactly) {
  const config::Node dumped = config::dump(condition(kTree));
  EXPECT_EQ(config::dump(condition(config::to_yaml(dumped))), dumped);
}

TEST(ConditionTest, LeavesKeepTheirOrder) {
  const Condition tree = condition(kTree);
  const auto found = leaves(tree);
  ASSERT_EQ(found.size(), 3U);
  EXPECT_EQ(found[0]->kind, Condition::Kind::kBelow);
  EXPECT_EQ(found[1]->kind, Condition::Kind::kPlateau);
  EXPECT_EQ(found[2]->kind, Condition::Kind::kAfter);
}

TEST(ConditionTest, NamesDirectionWindowAndUnit) {
  expect_refused("{metric: eval/x, below: 1, above: 2, for: 3 evals}",
                 "a.yaml:1:1: both 'below' and 'above'; write two conditions within {all: [...]} "
                 "or {any: [...]}");
  expect_refused("{metric: eval/x, for: 3 evals}", "a.yaml:1:1: missing key 'below' or 'above'");
  expect_refused("{metric: eval/x, below: 1}", "a.yaml:1:1: missing key 'for'");
  expect_refused("{metric: eval/x, below: 1, for: 3 steps}",
                 "a.yaml:1:33: expected a number of evals such as '200 evals', got '3 steps'");
  expect_refused("{metric: eval/x, below: 1, for: 0 evals}",
                 "a.yaml:1:33: for must be at least 1 evals, got '0 evals'");
  expect_refused("{after: 4000}",
                 "a.yaml:1:9: expected a number of steps such as '200 steps', got '4000'");
  expect_refused("{plateau: eval/x}", "a.yaml:1:1: missing key 'patience'");
  expect_refused("{plateau: eval/x, patience: 2 evals, direction: down}",
                 "a.yaml:1:49: unknown direction 'down'; known: lower, higher");
  expect_refused("{metric: eval/x, below: .nan, for: 3 evals}",
                 "a.yaml:1:25: expected a finite number, got '.nan'");
}

TEST(ConditionTest, IsOneThingAtATime) {
  expect_refused("{any: [{after: 1 step}], after: 4k steps}",
                 "a.yaml:1:26: both 'any' and 'after' in one condition; write two within {all: "
                 "[...]} or {any: [...]}");
  expect_refused("{any: []}", "a.yaml:1:7: an empty 'any' says nothing");
  expect_refused("{all: []}", "a.yaml:1:7: an empty 'all' says nothing");
  expect_refused("{metrik: eval/x, below: 1}",
                 "a.yaml:1:2: unknown key 'metrik'; did you mean 'metric'?");
  expect_refused("{below: 1}",
                 "a.yaml:1:1: expected a condition, got a map; known keys: any, all, metric, "
                 "plateau, after");
  expect_refused("4k steps",
                 "a.yaml:1:1: expected a condition, got '4k steps'; write for example {after: 4k "
                 "steps}");
  expect_refused("{after: 4k steps, for: 3 evals}", "a.yaml:1:19: unknown key 'for'; known: after");
}

TEST(ConditionTest, AllMistakesOfATreeAreToldAtOnce) {
  expect_refused("{any: [{metric: eval/x, for: 3 evals}, {after: 4}]}",
                 "a.yaml:1:8: missing key 'below' or 'above'\n"
                 "a.yaml:1:48: expected a number of steps such as '200 steps', got '4'");
}

}  // namespace
}  // namespace limbic::curriculum
