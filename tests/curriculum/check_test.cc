#include "limbic/curriculum/check.h"

#include <gtest/gtest.h>

#include <optional>
#include <string>

#include "toy_curriculum.h"

namespace limbic::curriculum {
namespace {

Known known() {
  return {.circuits = {"amygdala", "cortex"},
          .by_own_rule = {},
          .regimes = {"book", "live"},
          .metrics = {{"eval/predict", {100, config::Direction::kLower}},
                      {"eval/word_only.auroc", {200, config::Direction::kHigher}}}};
}

struct Found {
  std::string errors;
  std::string warnings;
};

Found found_in(const std::string& yaml, const Known& known) {
  config::Problems errors, warnings;
  ToyCurriculum config = read_curriculum(yaml);
  for (auto& stage : config.stages) settle_directions(stage.plan, known, errors);
  check(config, known, {errors, warnings});
  return {errors.text(), warnings.text()};
}

/// One stage with a loss on all that it trains; `rest` adds to it.
std::string stage(const std::string& name, const std::string& rest) {
  return "- {stage: " + name +
         ", train: [cortex], episodes: {book: 1}, losses: {predict: {type: hinge, trains: "
         "[cortex]}}, " +
         rest + "}\n";
}

const std::string kEnds = "until: {after: 1k steps}";

void expect_error(const std::string& yaml, const std::string& errors) {
  EXPECT_EQ(found_in(yaml, known()).errors, errors);
}
void expect_warning(const std::string& yaml, const std::string& warnings) {
  const Found found = found_in(yaml, known());
  EXPECT_EQ(found.errors, "");
  EXPECT_EQ(found.warnings, warnings);
}

TEST(CheckTest, IsSilentWhereNothingIsWrong) {
  expect_warning(
      stage("a", kEnds) + stage("b",
                                "until: {metric: eval/predict, below: 1, for: 2 evals}, fall_back: "
                                "{to: a, when: {metric: eval/predict, above: 2, for: 1 eval}}"),
      "");
}

TEST(CheckTest, NamesMetricsThatNobodyMeasures) {
  expect_error(stage("a",
                     "until: {any: [{after: 1k steps}, {metric: eval/predicd, below: 1, for: 2 "
                     "evals}]}"),
               "a.yaml:1:146: no eval measures 'eval/predicd'; did you mean "
               "'eval/predict'?");
  expect_error(
      stage("a", kEnds) +
          stage("b", kEnds + ", fall_back: {to: a, when: {plateau: mood, patience: 1 eval}}"),
      "a.yaml:2:165: no eval measures 'mood'; known: eval/predict, "
      "eval/word_only.auroc");
}

TEST(CheckTest, MetricsOfAnEvalThatCouldNotBeMadeAreNotJudged) {
  Known some = known();
  some.unmade = {"eval/talk"};
  const auto told = [&](const std::string& metric) {
    return found_in(stage("a", "until: {any: [{after: 1k steps}, {metric: " + metric +
                                   ", below: 1, for: 2 evals}]}"),
                    some)
        .errors;
  };
  EXPECT_EQ(told("eval/talk") + told("eval/talk.auroc"), "");
  EXPECT_EQ(told("eval/talks"),
            "a.yaml:1:146: no eval measures 'eval/talks'; known: eval/predict, "
            "eval/word_only.auroc");
}

/// Texts of the conditions of a stage, once directions are settled.
std::string settled(const std::string& conditions) {
  ToyCurriculum config = read_curriculum(stage("a", conditions));
  StagePlan& plan = config.stages[0].plan;
  config::Problems errors;
  settle_directions(plan, known(), errors);
  EXPECT_TRUE(errors.empty()) << errors.text();
  return plan.until->text() + (plan.fall_back ? ", " + plan.fall_back->when.text() : "");
}

TEST(CheckTest, APlateauGoesByItsMetricsDirectionUnlessItSaysOne) {
  EXPECT_EQ(
      settled("until: {all: [{plateau: eval/predict, patience: 1 eval}, {plateau: "
              "eval/word_only.auroc, patience: 2 evals}]}, fall_back: {to: a, when: {plateau: "
              "eval/word_only.auroc, patience: 3 evals}}"),
      "eval/predict not lower in 1 eval and eval/word_only.auroc not higher in 2 evals, "
      "eval/word_only.auroc not higher in 3 evals");
  EXPECT_EQ(settled("until: {plateau: eval/word_only.auroc, patience: 1 eval, direction: lower}"),
            "eval/word_only.auroc not lower in 1 eval");
}

TEST(CheckTest, APlateauMustSayADirectionWhereNeitherIsBetter) {
  Known some = known();
  some.metrics["eval/cover.80"] = {100, std::nullopt};
  const auto told = [&](const std::string& rest) {
    return found_in(stage("a", "until: {plateau: eval/cover.80, patience: 1 eval" + rest + "}"),
                    some)
        .errors;
  };
  EXPECT_EQ(told(""),
            "a.yaml:1:121: of 'eval/cover.80' neither lower nor higher is better by itself; say "
            "which with 'direction'");
  EXPECT_EQ(told(", direction: higher"), "");
}

TEST(CheckTest, ALossIsNoMetric) {
  expect_error(stage("a", "until: {metric: loss/p, below: 1, for: 1 eval}"),
               "a.yaml:1:120: no eval measures 'loss/p'; conditions are about evals; known: "
               "eval/predict, eval/word_only.auroc");
}

TEST(CheckTest, AWrongNameInAnInheritedConditionIsToldOnce) {
  expect_error(stage("a", "until: {metric: x, below: 1, for: 1 eval}") + "- {stage: b, inherit: a}",
               "a.yaml:1:120: no eval measures 'x'; known: eval/predict, "
               "eval/word_only.auroc");
}

TEST(CheckTest, NamesRegimesThatTheWorldLacks) {
  expect_error("- {stage: a, train: [], episodes: {bok: 1}, until: {after: 1 step}}",
               "a.yaml:1:36: the world has no regime 'bok'; did you mean 'book'?");
  expect_error("- {stage: a, train: [], until: {after: 1 step}}",
               "a.yaml:1:11: stage 'a' needs 'episodes': the world has more than one regime; "
               "known: book, live");
}

TEST(CheckTest, NamesCircuitsThatDoNotExistOrAreNamedTwice) {
  const std::string rest = ", episodes: {book: 1}, until: {after: 1 step}";
  expect_error("- {stage: a, train: [cortx]" + rest + "}",
               "a.yaml:1:22: no circuit matches 'cortx'; did you mean 'cortex'?");
  expect_error("- {stage: a, train: [cortex, 'c*']" + rest + "}",
               "a.yaml:1:30: circuit 'cortex' is named by both 'cortex' and 'c*'");
  expect_error(
      "- {stage: a, train: [cortex]" + rest + ", losses: {p: {type: hinge, trains: [cortx]}}}",
      "a.yaml:1:111: no circuit matches 'cortx'; did you mean 'cortex'?");
}

TEST(CheckTest, RefusesALossWhoseEveryTargetIsFrozen) {
  const std::string begin = "- {stage: fear, episodes: {book: 1}, until: {after: 1 step}, ";
  expect_error(begin +
                   "train: [amygdala], losses: {a: {type: hinge, trains: [amygdala]}, predict: "
                   "{type: hinge, trains: [cortex]}}}",
               "a.yaml:1:128: loss 'predict' trains nothing: stage 'fear' freezes all its targets");
  expect_error(begin + "train: [amygdala], losses: {a: {type: hinge, trains: []}}}",
               "a.yaml:1:90: loss 'a' trains nothing: stage 'fear' freezes all its targets");
  expect_warning(
      begin + "train: [amygdala], losses: {a: {type: hinge, trains: [cortex, amygdala]}}}", "");
}

TEST(CheckTest, RefusesALossOfEpisodesThatItsStageNeverDraws) {
  const auto with_regimes = [](const std::string& regimes) {
    return "- {stage: a, episodes: {book: 1, live: 0}, until: {after: 1 step}, train: [cortex], "
           "losses: {p: {type: hinge, trains: [cortex], regimes: " +
           regimes + "}}}";
  };
  expect_error(with_regimes("[live]"),
               "a.yaml:1:94: loss 'p' never applies: stage 'a' draws no episodes of its regimes");
  expect_error(with_regimes("[live, book]"), "");
  expect_error(with_regimes("[]"), "");
  expect_error(with_regimes("[lvie]"),
               "a.yaml:1:139: the world has no regime 'lvie'; did you mean 'live'?");
}

TEST(CheckTest, WarnsOfACircuitThatNoLossTrains) {
  const std::string yaml =
      "- {stage: a, episodes: {book: 1}, until: {after: 1 step}, train: "
      "[amygdala]}";
  expect_warning(yaml, "a.yaml:1:11: stage 'a' trains 'amygdala', but no loss of it does");
  Known kalman = known();
  kalman.by_own_rule = {"amygdala"};
  EXPECT_EQ(found_in(yaml, kalman).warnings, "");
}

TEST(CheckTest, WhatLearnsByItsOwnRuleTakesNoFactor) {
  Known kalman = known();
  kalman.by_own_rule = {"amygdala"};
  const auto found = [&](const std::string& train) {
    return found_in("- {stage: a, episodes: {book: 1}, until: {after: 1 step}, train: [" + train +
                        "], losses: {p: {type: hinge, trains: ['*']}}}",
                    kalman)
        .errors;
  };
  EXPECT_EQ(found("cortex, amygdala*0.1"),
            "a.yaml:1:75: 'amygdala' learns by a rule of its own, so no factor changes its rate");
  EXPECT_EQ(found("cortex*0.1, amygdala"), "");
  EXPECT_EQ(found("'**0.1'"), "") << "the cortex has a rate";
}

TEST(CheckTest, FallsBackToAnEarlierStageOnly) {
  const auto with_fall_back = [](const std::string& to) {
    return stage("a", kEnds) +
           stage("b", kEnds + ", fall_back: {to: " + to +
                          ", when: {metric: eval/predict, above: 2, for: 1 eval}}") +
           stage("c", kEnds);
  };
  expect_error(with_fall_back("aa"), "a.yaml:2:146: no stage 'aa' to fall back to; known: a, b, c");
  expect_error(with_fall_back("b"),
               "a.yaml:2:146: 'fall_back' leads to an earlier stage; 'b' is this one");
  expect_error(with_fall_back("c"),
               "a.yaml:2:146: 'fall_back' leads to an earlier stage; 'c' comes later");
}

TEST(CheckTest, RefusesAFinalStageThatCannotEnd) {
  expect_error(stage("a", kEnds) + stage("b", "until: {after: 4k steps}, at_most: 2k steps"),
               "a.yaml:2:11: stage 'b' can't end: 'until' needs 4000 steps, its time is up after "
               "2000 steps");
  expect_error(stage("a",
                     "until: {all: [{metric: eval/predict, below: 0.5, for: 1 eval}, {metric: "
                     "eval/predict, above: 0.7, for: 1 eval}]}"),
               "a.yaml:1:11: stage 'a' can't end: its 'until' contradicts itself");
  expect_error(
      stage("a",
            "until: {metric: eval/predict, below: 1, for: 3 evals}, at_most: 250 "
            "steps"),
      "a.yaml:1:11: stage 'a' can't end: 'until' needs 300 steps, its time is up after 250 "
      "steps");
}

TEST(CheckTest, MoreEvaluationsThanStepsCanBeCountedDoNotEndAStage) {
  expect_error(stage("a",
                     "until: {metric: eval/predict, below: 1, for: 9000000000000000 evals}, "
                     "at_most: 250 steps"),
               "a.yaml:1:11: stage 'a' can't end: 'until' needs 900000000000000000 steps, its time "
               "is up after 250 steps");
}

// The first evaluation of a stage may come one step after it begins.
TEST(CheckTest, AStageThatBeginsBetweenEvaluationsMayEndSooner) {
  const std::string late = "until: {after: 150 steps}";
  const auto below = [](const std::string& evals, const std::string& at_most) {
    return "until: {metric: eval/predict, below: 1, for: " + evals + "}, at_most: " + at_most;
  };
  expect_warning(stage("a", late) + stage("b", below("1 eval", "60 steps")), "");
  expect_warning(stage("a", late) + stage("b", below("2 evals", "101 steps")), "");
  expect_error(stage("a", late) + stage("b", below("2 evals", "100 steps")),
               "a.yaml:2:11: stage 'b' can't end: 'until' needs 101 steps, its time is up after "
               "100 steps");
}

TEST(CheckTest, SoMayTheFirstStageWhereOneFallsBackToIt) {
  const std::string first =
      stage("a", "until: {metric: eval/predict, below: 1, for: 1 eval}, at_most: 60 steps");
  const std::string back =
      ", fall_back: {to: a, when: {metric: eval/predict, above: 2, for: 1 eval}}";
  expect_warning(first + stage("b", kEnds + back), "");
  EXPECT_NE(found_in(first + stage("b", kEnds), known()).errors, "");
}

TEST(CheckTest, RefusesAnUnreachableStage) {
  expect_error(stage("a", "until: {after: 4k steps}, at_most: 2k steps") + stage("b", kEnds),
               "a.yaml:1:11: stage 'a' can't end: 'until' needs 4000 steps, its time is up after "
               "2000 steps\n"
               "a.yaml:2:11: stage 'b' is unreachable: 'a' before it can't end");
}

TEST(CheckTest, ATimeoutThatAdvancesIsAnEnd) {
  expect_error(stage("a", "until: {after: 4k steps}, at_most: 2k steps, on_timeout: advance"), "");
}

TEST(CheckTest, WarnsOfAConditionThatComesTooLate) {
  expect_warning(
      stage("a",
            "until: {any: [{after: 400 steps}, {metric: eval/word_only.auroc, above: 0.9, for: "
            "3 evals}]}"),
      "a.yaml:1:147: 'eval/word_only.auroc above 0.9 for 3 evals' can't hold before step 600 of "
      "stage 'a', which ends at 400");
  expect_warning(
      stage("a", "until: {any: [{after: 400 steps}, {plateau: eval/predict, patience: 4 evals}]}"),
      "a.yaml:1:148: 'eval/predict not lower in 4 evals' can't hold before step 500 of stage 'a', "
      "which ends at 400");
  expect_warning(
      stage("a", "until: {any: [{after: 400 steps}, {plateau: eval/predict, patience: 3 evals}]}"),
      "");
}

}  // namespace
}  // namespace limbic::curriculum
