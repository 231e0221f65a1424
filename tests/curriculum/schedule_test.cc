#include "limbic/curriculum/schedule.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>

#include "limbic/config/reader.h"

namespace limbic::curriculum {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

struct Holder {
  Schedule rate{0.5};
  static void fields(auto& self, auto&& field) {
    field("rate", self.rate, config::within(0.0, 1.0), "a schedule");
  }
};

Schedule schedule(const std::string& yaml) {
  return config::parse<Holder>("rate: " + yaml, "a.yaml").rate;
}

void expect_refused(const std::string& yaml, const std::string& message) {
  EXPECT_THAT([&] { schedule(yaml); }, ThrowsMessage<ConfigError>(StrEq(message)));
}

TEST(ScheduleTest, ANumberStaysWhatItIs) {
  const Schedule constant = schedule("0.3");
  EXPECT_EQ(constant.at(0), 0.3);
  EXPECT_EQ(constant.at(1'000'000), 0.3);
  EXPECT_TRUE(constant.is_constant());
}

TEST(ScheduleTest, LinearGoesStraightAfterItsDelayAndStaysAtItsEnd) {
  const Schedule ramp = schedule("{linear: {from: 1, to: 0.5, over: 10 steps, after: 100 steps}}");
  EXPECT_EQ(ramp.at(0), 1.0);
  EXPECT_EQ(ramp.at(100), 1.0);
  EXPECT_DOUBLE_EQ(ramp.at(102), 0.9);
  EXPECT_EQ(ramp.at(110), 0.5);
  EXPECT_EQ(ramp.at(5000), 0.5);
}

TEST(ScheduleTest, CosineAndExponentialHaveTheirMidpoints) {
  const Schedule cosine = schedule("{cosine: {from: 1.0, to: 0.3, over: 2k steps}}");
  EXPECT_DOUBLE_EQ(cosine.at(1000), 0.65);
  EXPECT_DOUBLE_EQ(cosine.at(500), 0.3 + 0.7 * (1 + std::sqrt(0.5)) / 2);
  EXPECT_EQ(cosine.at(2000), 0.3);
  const Schedule exponential = schedule("{exponential: {from: 1.0, to: 0.01, over: 4 steps}}");
  EXPECT_DOUBLE_EQ(exponential.at(2), 0.1);
  EXPECT_EQ(exponential.at(4), 0.01);
}

TEST(ScheduleTest, WarmupRisesAndThenTheOtherClockStarts) {
  const Schedule warm =
      schedule("{warmup: 4 steps, then: {linear: {from: 0.8, to: 0, over: 8 steps}}}");
  EXPECT_DOUBLE_EQ(warm.at(0), 0.2);
  EXPECT_DOUBLE_EQ(warm.at(3), 0.8);
  EXPECT_DOUBLE_EQ(warm.at(4), 0.8);
  EXPECT_DOUBLE_EQ(warm.at(8), 0.4);
  EXPECT_EQ(warm.at(12), 0.0);
}

TEST(ScheduleTest, BoundsHoldEveryValue) {
  const config::Range bounds =
      schedule("{warmup: 4 steps, then: {cosine: {from: 0.8, to: 0.9, over: 8 steps}}}").bounds();
  EXPECT_EQ(static_cast<double>(bounds.low), 0.2);
  EXPECT_EQ(static_cast<double>(bounds.high), 0.9);
}

TEST(ScheduleTest, DumpReadsBackExactly) {
  for (const char* yaml :
       {"0.1", "{linear: {from: 0.1, to: 0.7, over: 3 steps}}", "{warmup: 200 steps, then: 0.3}",
        "{warmup: 7 steps, then: {exponential: {from: 1, to: 1e-3, over: 2k steps, after: 1 "
        "step}}}"}) {
    Holder holder{schedule(yaml)};
    const std::string dumped = config::to_yaml(config::dump(holder));
    EXPECT_EQ(config::parse<Holder>(dumped, "b.yaml").rate, holder.rate) << dumped;
  }
}

TEST(ScheduleTest, RefusesWhatItCannotBe) {
  expect_refused("{cosin: {from: 1, to: 0, over: 9 steps}}",
                 "a.yaml:1:8: unknown schedule 'cosin'; did you mean 'cosine'?");
  expect_refused("{linear: {from: 1, over: 9 steps}}", "a.yaml:1:16: missing key 'to'");
  expect_refused("{linear: {from: 1, to: 0, over: 2000}}",
                 "a.yaml:1:39: expected a number of steps such as '200 steps', got '2000'");
  expect_refused("{linear: {from: 1, to: 0, over: 0 steps}}",
                 "a.yaml:1:39: over must be at least 1 steps, got '0 steps'");
  expect_refused("{exponential: {from: 1, to: 0, over: 9 steps}}",
                 "a.yaml:1:21: an exponential schedule needs 'from' and 'to' above 0");
  expect_refused("{warmup: 3 steps, then: {warmup: 3 steps, then: 1}}",
                 "a.yaml:1:31: a 'warmup' within a 'warmup'");
  expect_refused("[1, 2]",
                 "a.yaml:1:7: expected a number or a schedule, got a list; write for example "
                 "{cosine: {from: 1.0, to: 0.3, over: 2k steps}}");
}

TEST(ScheduleTest, TheReferenceHasTheKeysOfEachForm) {
  const std::string reference = config::markdown(config::describe<Holder>({}), "Rates");
  EXPECT_THAT(reference,
              HasSubstr("| `rate` | number or schedule in [0, 1] | `0.5` | a schedule |"));
  EXPECT_THAT(reference, HasSubstr("\n## A value that is a number or schedule\n"));
  EXPECT_THAT(reference, HasSubstr("`0 steps` | steps before it starts |\n"));
  for (const char* key :
       {"linear", "cosine", "exponential", "from", "to", "over", "after", "warmup", "then"})
    EXPECT_THAT(reference, HasSubstr(std::string("\n| `") + key + "` | "));
}

TEST(ScheduleTest, TheSchemaHasItsForms) {
  const auto forms = nlohmann::json::parse(
      config::json_schema(config::describe<Holder>({}), "rates"))["properties"]["rate"]["anyOf"];
  ASSERT_EQ(forms.size(), 5);
  EXPECT_EQ(forms[0],
            nlohmann::json::parse(R"({"type": "number", "minimum": 0.0, "maximum": 1.0})"));
  EXPECT_EQ(forms[1]["properties"]["linear"]["required"],
            nlohmann::json::array({"from", "to", "over"}));
  EXPECT_EQ(forms[4]["required"], nlohmann::json::array({"warmup", "then"}));
}

TEST(ScheduleTest, TheRangeOfItsFieldBoundsEveryValue) {
  expect_refused("1.5", "a.yaml:1:7: rate must be in [0, 1], got 1.5");
  expect_refused("{linear: {from: 0.5, to: 2, over: 9 steps}}",
                 "a.yaml:1:7: rate must be in [0, 1], this schedule goes from 0.5 to 2");
}

}  // namespace
}  // namespace limbic::curriculum
