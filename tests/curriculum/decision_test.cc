#include "limbic/curriculum/decision.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <string>

#include "limbic/core/error.h"

namespace limbic::curriculum {
namespace {

using testing::HasSubstr;
using testing::StrEq;
using testing::ThrowsMessage;

Decision some_decision() {
  return {.verdict = Verdict::kAdvance,
          .reason = Reason::kUntil,
          .step = 1400,
          .stage_step = 400,
          .stage = "see",
          .visit = 2,
          .to = "fear",
          .fall_backs = 0,
          .fall_backs_allowed = 0,
          .measurements = {
              {Reason::kUntil, "eval/predict below 0.7 for 3 evals", 0.65, 0.7, 3, 3, true, true},
              {Reason::kUntil, "after 4000 steps", 400.0, 4000.0, 0, 1, true, false}}};
}

TEST(DecisionTest, IsOneLineOfJson) {
  EXPECT_EQ(to_json_line(some_decision()),
            R"({"step":1400,"stage":"see","visit":2,"stage_step":400,"verdict":"advance",)"
            R"("reason":"until","to":"fear","fall_backs":0,"fall_backs_allowed":0,"conditions":[)"
            R"({"of":"until","condition":"eval/predict below 0.7 for 3 evals","measured":0.65,)"
            R"("threshold":0.7,"streak":3,"need":3,"fresh":true,"met":true},)"
            R"({"of":"until","condition":"after 4000 steps","measured":400.0,"threshold":4000.0,)"
            R"("streak":0,"need":1,"fresh":true,"met":false}]})");
}

TEST(DecisionTest, SpellsWhatIsNotFiniteAsTheMetricsDo) {
  Decision decision = some_decision();
  decision.measurements[0].measured = std::numeric_limits<double>::quiet_NaN();
  decision.measurements[0].threshold = -std::numeric_limits<double>::infinity();
  EXPECT_THAT(to_json_line(decision), HasSubstr(R"("measured":"NaN","threshold":"-Infinity",)"));
}

TEST(DecisionTest, ReadsBackEqual) {
  Decision decision = some_decision();
  EXPECT_EQ(decision_from_json_line(to_json_line(decision), "d"), decision);
  decision.measurements[0].measured = std::numeric_limits<double>::quiet_NaN();
  decision.measurements[0].threshold = std::nullopt;
  EXPECT_EQ(decision_from_json_line(to_json_line(decision), "d"), decision);
}

TEST(DecisionTest, RefusesADamagedLineByItsPlace) {
  const auto read = [](const std::string& line) {
    decision_from_json_line(line, "decisions.jsonl:3");
  };
  const std::string good = to_json_line(some_decision());
  EXPECT_THAT([&] { read(good.substr(0, good.size() / 2)); },
              ThrowsMessage<Error>(StrEq("decisions.jsonl:3 is not a JSON object")));
  EXPECT_THAT([&] { read("{}"); },
              ThrowsMessage<Error>(StrEq("decisions.jsonl:3 lacks 'verdict'")));
  std::string other = good;
  other.replace(other.find("advance"), 7, "retreat");
  EXPECT_THAT([&] { read(other); },
              ThrowsMessage<Error>(
                  StrEq(R"(decisions.jsonl:3 has a 'verdict' that makes no sense: '"retreat"')")));
}

TEST(DecisionTest, TellsAPersonWhy) {
  EXPECT_EQ(
      text(some_decision()),
      "step 1400: see -> fear after 400 steps: eval/predict below 0.7 for 3 evals (0.65, 3 of "
      "3)");
  Decision stay = some_decision();
  stay.verdict = Verdict::kStay;
  stay.reason = Reason::kNone;
  EXPECT_EQ(
      text(stay),
      "step 1400: see goes on after 400 steps: eval/predict below 0.7 for 3 evals (0.65, 3 of "
      "3); after 4000 steps (400)");
}

TEST(DecisionTest, StepsThatWereWaitedForAreToldOnce) {
  Decision over = some_decision();
  over.measurements = {
      {Reason::kUntil, "after 400 steps", 400.0, 400.0, 0, 1, true, true},
      {Reason::kUntil, "eval/predict below 0.7 for 1 eval", 0.65, 0.7, 1, 1, true, true}};
  EXPECT_EQ(text(over),
            "step 1400: see -> fear after 400 steps: eval/predict below 0.7 for 1 eval (0.65)");
  over.measurements.pop_back();
  EXPECT_EQ(text(over), "step 1400: see -> fear after 400 steps");
}

}  // namespace
}  // namespace limbic::curriculum
