#include "limbic/curriculum/config_switch.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

ConfigSwitch some_switch() {
  return {.step = 200,
          .values = {{"optimizer.learning_rate", "0.003", "0.0005"},
                     {"evals.word.every", "2 steps", "4 steps"},
                     {"checkpoints.keep_every", "null", "\"7\""}}};
}

const std::string kLine =
    R"({"step":200,"changed":{"optimizer.learning_rate":{"was":0.003,"is":0.0005},)"
    R"("evals.word.every":{"was":"2 steps","is":"4 steps"},)"
    R"("checkpoints.keep_every":{"was":null,"is":"\"7\""}}})";

TEST(ConfigSwitchTest, IsOneLineOfJsonInWhichPlainValuesAreThemselves) {
  EXPECT_EQ(to_json_line(some_switch()), kLine);
  EXPECT_TRUE(is_config_switch(kLine));
  EXPECT_FALSE(is_config_switch(R"({"step":200,"stage":"changed"})"));
}

TEST(ConfigSwitchTest, ReadsBackAsItWas) {
  EXPECT_EQ(to_json_line(config_switch_from_json_line(kLine, "d")), kLine);
}

TEST(ConfigSwitchTest, RefusesADamagedLineByItsPlace) {
  const auto expect = [](const std::string& line, const std::string& message) {
    EXPECT_THAT([&] { config_switch_from_json_line(line, "d:3"); },
                ThrowsMessage<Error>(StrEq(message)));
  };
  expect(R"({"changed":{}})", "d:3 lacks 'step'");
  expect(R"({"step":1,"changed":{"a":{"was":1}}})", "d:3: 'a' lacks 'is'");
  expect(R"({"step":1,"changed":{"a":1}})", "d:3: 'a' is not a JSON object");
  expect(R"({"step":1,"changed":{},"more":1})", "d:3 has keys that are not known");
}

TEST(ConfigSwitchTest, TellsAPersonWhatIsShortAndNamesTheRest) {
  ConfigSwitch config_switch{200, {{"optimizer.beta2", "0.999", "0.99"}}};
  EXPECT_EQ(text(config_switch), "from step 200: optimizer.beta2 0.999 -> 0.99");
  config_switch.values.push_back({"curriculum", std::string(30, 'a'), std::string(31, 'b')});
  EXPECT_EQ(text(config_switch),
            "from step 200: optimizer.beta2 0.999 -> 0.99, curriculum has changed");
}

std::string told(const std::string& key, const std::string& was, const std::string& is) {
  return text({.step = 7, .values = {{key, was, is}}});
}

// {k1: value, k2: value}
std::string map_of(int64_t num_keys, const std::string& value) {
  std::string map;
  for (int64_t i = 1; i <= num_keys; ++i)
    map += concat(i == 1 ? "{k" : ", k", i, ": ", value, i == num_keys ? "}" : "");
  return map;
}

TEST(ConfigSwitchTest, TellsOfALongListOrMapTheFewValuesThatDiffer) {
  EXPECT_EQ(
      told("curriculum", "[{stage: see, until: {after: 5 steps}}, {stage: fear, train: [cortex]}]",
           "[{stage: see, until: {after: 6 steps}}, {stage: fear, train: [cortex, heads]}]"),
      "from step 7: curriculum.see.until.after 5 steps -> 6 steps, "
      "curriculum.fear.train [cortex] -> [cortex, heads]");
  EXPECT_EQ(told("evals", map_of(6, "before"), map_of(6, "after")),
            "from step 7: evals.k1 before -> after, evals.k2 before -> after, "
            "evals.k3 before -> after, evals.k4 before -> after, evals.k5 before -> after, "
            "evals.k6 before -> after");
  EXPECT_EQ(told("evals", map_of(7, "before"), map_of(7, "after")),
            "from step 7: evals has changed");
}

TEST(ConfigSwitchTest, NamesWhatIsLongInsideAndAnOrderThatHasChanged) {
  const std::string a(30, 'a'), b(31, 'b');
  EXPECT_EQ(told("evals", concat("{x: ", a, ", y: 1}"), concat("{x: ", b, ", y: 2}")),
            "from step 7: evals.x has changed, evals.y 1 -> 2");
  EXPECT_EQ(told("losses", concat("{x: ", a, ", y: 1}"), concat("{y: 1, x: ", a, "}")),
            "from step 7: losses has changed");
  EXPECT_EQ(told("curriculum", "[{stage: " + std::string(60, 'a'), "[]"),
            "from step 7: curriculum has changed")
      << "somebody cut the line short";
}

}  // namespace
}  // namespace limbic::curriculum
