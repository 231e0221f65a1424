#include "limbic/curriculum/curriculum.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <string>

#include "limbic/core/error.h"
#include "toy_curriculum.h"

namespace limbic::curriculum {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

Curriculum curriculum(const std::string& yaml) { return Curriculum(read_curriculum(yaml).plan()); }

const std::string kTwoStages = R"(
- {stage: see, train: [cortex], until: {metric: eval/x, below: 1, for: 2 evals}, at_most: 50 steps}
- stage: fear
  train: [amygdala]
  until: {all: [{metric: eval/y, above: 0.9, for: 1 eval}, {after: 5 steps}]}
  at_most: 100 steps
  fall_back: {to: see, when: {metric: eval/x, above: 2, for: 1 eval}, at_most: 1}
)";

/// A run of kTwoStages that has just entered `fear`, at step 20.
Curriculum in_fear() {
  Curriculum run = curriculum(kTwoStages);
  run.decide(10, {{"eval/x", 0.5}});
  run.decide(20, {{"eval/x", 0.5}});
  return run;
}

TEST(CurriculumTest, BeginsInItsFirstStage) {
  const Curriculum run = curriculum(kTwoStages);
  EXPECT_EQ(run.stage().name.text, "see");
  EXPECT_EQ(run.index(), 0U);
  EXPECT_EQ(run.stage_step(7), 7);
  EXPECT_EQ(run.status(), Status::kRunning);
}

TEST(CurriculumTest, LogsEvaluationsAndVerdictsOnly) {
  Curriculum run = curriculum(kTwoStages);
  EXPECT_FALSE(run.decide(9, {}).is_logged());
  EXPECT_TRUE(run.decide(10, {{"eval/x", 0.5}}).is_logged());
  EXPECT_TRUE(run.decide(50, {}).is_logged());
}

TEST(CurriculumTest, AdvancesWhenUntilHoldsAndStartsItsClockAnew) {
  Curriculum run = curriculum(kTwoStages);
  EXPECT_EQ(run.decide(10, {{"eval/x", 0.5}}).verdict, Verdict::kStay);
  const Decision decision = run.decide(20, {{"eval/x", 0.5}});
  EXPECT_EQ(text(decision),
            "step 20: see -> fear after 20 steps: eval/x below 1 for 2 evals (0.5, 2 of 2)");
  EXPECT_EQ(run.stage().name.text, "fear");
  EXPECT_EQ(run.stage_step(21), 1);
}

TEST(CurriculumTest, StreaksBelongToTheStage) {
  Curriculum run = curriculum(R"(
- {stage: a, train: [c], until: {metric: eval/x, below: 1, for: 2 evals}}
- {stage: b, train: [c], until: {metric: eval/x, below: 1, for: 2 evals}}
)");
  run.decide(1, {{"eval/x", 0}});
  run.decide(2, {{"eval/x", 0}});
  EXPECT_EQ(run.decide(3, {{"eval/x", 0}}).verdict, Verdict::kStay);
  EXPECT_EQ(run.decide(4, {{"eval/x", 0}}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, AdoptsTheStateOfAConfigThatHadFewerStagesAndOtherConditions) {
  Curriculum run = in_fear();
  run.decide(26, {{"eval/y", 0.95}});
  ASSERT_EQ(run.status(), Status::kFinished);
  Curriculum longer =
      curriculum(kTwoStages + "- {stage: calm, train: [cortex], until: {after: 3 steps}}\n");
  EXPECT_TRUE(longer.adopt(run.state(), 30));
  EXPECT_EQ(longer.stage().name.text, "calm");
  EXPECT_EQ(longer.stage_step(31), 1);
  EXPECT_EQ(longer.decide(33, {}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, AdoptingCountsConditionsFromAnewAndForgivesATimeout) {
  Curriculum run = curriculum(
      "- {stage: a, train: [c], until: {metric: eval/x, below: 1, for: 2 evals}, at_most: 2 "
      "steps}\n");
  run.decide(1, {{"eval/x", 0}});
  run.decide(2, {});
  ASSERT_EQ(run.status(), Status::kFailed);
  Curriculum patient = curriculum(
      "- {stage: a, train: [c], until: {metric: eval/x, below: 1, for: 2 evals}, at_most: 9 "
      "steps}\n");
  EXPECT_FALSE(patient.adopt(run.state(), 2));
  EXPECT_EQ(patient.decide(3, {{"eval/x", 0}}).verdict, Verdict::kStay);
  EXPECT_EQ(patient.decide(4, {{"eval/x", 0}}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, AFinishedOneGoesOnWhereItsLastStageLastsLonger) {
  const auto lasting = [](const std::string& steps) {
    return curriculum("- {stage: a, train: [c], until: {after: " + steps + " steps}}\n");
  };
  Curriculum run = lasting("5");
  run.decide(5, {});
  ASSERT_EQ(run.status(), Status::kFinished);
  Curriculum longer = lasting("7");
  EXPECT_FALSE(longer.adopt(run.state(), 5)) << "the stage is not a new one";
  EXPECT_EQ(longer.status(), Status::kRunning);
  EXPECT_EQ(longer.decide(6, {}).verdict, Verdict::kStay);
  EXPECT_EQ(longer.decide(7, {}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, IsOverBeforeAStepWhereAnAdoptedConfigMadeItsStageShorter) {
  for (const std::string end :
       {"until: {after: 5 steps}", "until: {after: 9 steps}, at_most: 5 steps"}) {
    Curriculum run = curriculum("- {stage: a, train: [c], until: {after: 9 steps}}\n");
    run.decide(5, {});
    EXPECT_FALSE(run.is_over(5)) << end;
    Curriculum shorter = curriculum(concat("- {stage: a, train: [c], ", end, "}\n"));
    EXPECT_FALSE(shorter.adopt(run.state(), 5)) << end;
    EXPECT_EQ(shorter.status(), Status::kRunning) << end;
    EXPECT_FALSE(shorter.is_over(4)) << end;
    EXPECT_TRUE(shorter.is_over(5)) << end;
    EXPECT_NE(shorter.decide(5, {}).verdict, Verdict::kStay) << end;
  }
}

TEST(CurriculumTest, AFinishedOneThatIsOverByItsStepsStaysFinished) {
  for (const std::string end :
       {"until: {after: 4 steps}",
        "until: {metric: eval/x, below: 1, for: 1 eval}, at_most: 5 steps, on_timeout: advance"}) {
    Curriculum run = curriculum("- {stage: a, train: [c], " + end + "}\n");
    run.decide(5, {});
    ASSERT_EQ(run.status(), Status::kFinished) << end;
    EXPECT_FALSE(run.adopt(run.state(), 5)) << end;
    EXPECT_EQ(run.status(), Status::kFinished) << end;
  }
}

TEST(CurriculumTest, ALateAfterEndsTheStageWithoutAnEvaluation) {
  Curriculum run = in_fear();
  run.decide(22, {{"eval/y", 0.95}});
  EXPECT_EQ(run.decide(24, {}).verdict, Verdict::kStay);
  const Decision decision = run.decide(25, {});
  EXPECT_EQ(text(decision),
            "step 25: fear finished the run after 5 steps: eval/y above 0.9 for 1 eval (0.95)");
  EXPECT_EQ(run.status(), Status::kFinished);
}

TEST(CurriculumTest, FallsBackBeforeItAsksUntil) {
  Curriculum run = in_fear();
  const Decision decision = run.decide(30, {{"eval/x", 3}, {"eval/y", 0.95}});
  EXPECT_EQ(
      text(decision),
      "step 30: fear -> see (fall-back 1 of 1) after 10 steps: eval/x above 2 for 1 eval (3)");
  EXPECT_EQ(run.stage().name.text, "see");
  EXPECT_EQ(run.state().visits, (std::vector<int64_t>{2, 1}));
  EXPECT_EQ(run.stage_step(31), 1);
}

TEST(CurriculumTest, FallsBackNoMoreOftenThanAllowed) {
  Curriculum run = in_fear();
  run.decide(30, {{"eval/x", 3}});
  run.decide(40, {{"eval/x", 0.5}});
  run.decide(50, {{"eval/x", 0.5}});
  ASSERT_EQ(run.stage().name.text, "fear");
  const Decision decision = run.decide(60, {{"eval/x", 3}});
  EXPECT_EQ(decision.verdict, Verdict::kStay);
  EXPECT_TRUE(decision.measurements.back().is_met);
  EXPECT_EQ(run.decide(61, {{"eval/y", 1}}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, FailsWhenItsTimeIsUp) {
  Curriculum run = curriculum(kTwoStages);
  run.decide(40, {{"eval/x", 4}});
  EXPECT_EQ(run.decide(49, {}).verdict, Verdict::kStay);
  EXPECT_EQ(text(run.decide(50, {})),
            "step 50: see failed after 50 steps, its time being up: eval/x below 1 for 2 evals (4, "
            "0 of 2)");
  EXPECT_EQ(run.status(), Status::kFailed);
}

TEST(CurriculumTest, MayAdvanceWhenItsTimeIsUp) {
  Curriculum run = curriculum(R"(
- stage: a
  train: [c]
  until: {metric: eval/x, below: 1, for: 1 eval}
  at_most: 5 steps
  on_timeout: advance
- {stage: b, inherit: a}
)");
  EXPECT_EQ(text(run.decide(5, {})),
            "step 5: a -> b after 5 steps, its time being up: eval/x below 1 for 1 eval (never "
            "measured)");
  EXPECT_EQ(run.decide(10, {}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, UntilCountsAtTheVeryStepAtWhichItsTimeIsUp) {
  Curriculum run = curriculum(
      "- {stage: a, train: [c], until: {metric: eval/x, below: 1, for: 1 eval}, at_most: 5 steps}");
  EXPECT_EQ(run.decide(5, {{"eval/x", 0}}).verdict, Verdict::kFinish);
}

TEST(CurriculumTest, RefusesAStateOfAnotherCurriculum) {
  Curriculum run = in_fear();
  const State good = run.state();
  State bad = good;
  bad.stage = 7;
  EXPECT_THAT([&] { run.restore(bad); },
              ThrowsMessage<Error>(StrEq("curriculum state: stage 7 of 2")));
  bad = good;
  bad.visits.push_back(0);
  EXPECT_THAT(
      [&] { run.restore(bad); },
      ThrowsMessage<Error>(StrEq("curriculum state: counts of 3 and 2 stages, the config has 2")));
  bad = good;
  bad.until.pop_back();
  EXPECT_THAT([&] { run.restore(bad); },
              ThrowsMessage<Error>(StrEq("curriculum state: the conditions of stage 'fear' are not "
                                         "those of the config")));
}

// ---- a state that went through JSON decides as the one that did not

/// The same noise in [-1, 1] for the same step and salt.
double noise(int64_t step, double salt) {
  const double wild = std::sin(static_cast<double>(step) * 12.9898 + salt) * 43758.5453;
  return 2.0 * (wild - std::floor(wild)) - 1.0;
}

Metrics noisy_metrics(int64_t step) {
  if (step % 3 != 0) return {};
  Metrics metrics = {{"eval/predict", 1.0 + noise(step, 1)}};
  if (step % 2 == 0) metrics["eval/auroc"] = 0.5 + 0.5 * noise(step, 2);
  if (step % 21 == 0) metrics["eval/predict"] = std::numeric_limits<double>::quiet_NaN();
  return metrics;
}

const std::string kNoisy = R"(
- stage: see
  train: [c]
  until:
    any:
      - {metric: eval/predict, below: 0.9, for: 2 evals}
      - {plateau: eval/predict, patience: 3 evals, min_delta: 0.01}
- stage: fear
  train: [c]
  until: {all: [{after: 25 steps}, {plateau: eval/auroc, patience: 8 evals, direction: higher}]}
  fall_back: {to: see, when: {metric: eval/predict, above: 1.1, for: 2 evals}, at_most: 8}
- {stage: rest, train: [c], until: {metric: eval/auroc, above: 5, for: 1 eval}}
)";

State through_json(const State& state) {
  return state_from_json(nlohmann::json::parse(to_json(state).dump()), "s");
}

TEST(CurriculumTest, AStateThatWentThroughJsonDecidesAlikeAtEachOf200Steps) {
  Curriculum unbroken = curriculum(kNoisy);
  int64_t fall_backs = 0, advances = 0;
  for (int64_t step = 1; step <= 200; ++step) {
    Curriculum resumed = curriculum(kNoisy);
    resumed.restore(through_json(unbroken.state()));
    const Decision decision = unbroken.decide(step, noisy_metrics(step));
    EXPECT_EQ(resumed.decide(step, noisy_metrics(step)), decision) << "step " << step;
    EXPECT_EQ(to_json(resumed.state()), to_json(unbroken.state())) << "step " << step;
    fall_backs += decision.verdict == Verdict::kFallBack ? 1 : 0;
    advances += decision.verdict == Verdict::kAdvance ? 1 : 0;
  }
  EXPECT_GE(fall_backs, 2);
  EXPECT_GE(advances, 3);
}

TEST(CurriculumTest, ARunResumedAtAnyStepWritesTheSameLog) {
  const auto log = [](int64_t resume_at) {
    Curriculum run = curriculum(kNoisy);
    std::string lines;
    for (int64_t step = 1; step <= 200; ++step) {
      const Decision decision = run.decide(step, noisy_metrics(step));
      if (decision.is_logged()) lines += to_json_line(decision) + "\n";
      if (step != resume_at) continue;
      const State saved = through_json(run.state());
      run = curriculum(kNoisy);
      run.restore(saved);
    }
    return lines;
  };
  const std::string unbroken = log(0);
  for (int64_t step = 1; step <= 200; ++step) EXPECT_EQ(log(step), unbroken) << "step " << step;
}

}  // namespace
}  // namespace limbic::curriculum
