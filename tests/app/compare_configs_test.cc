#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <utility>
#include <vector>

#include "limbic/app/config_change.h"
#include "limbic/app/parts.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::string two_stages(const std::string& more = "") {
  return "seed: 1\ncurriculum: [{stage: a, train: [x]}, {stage: b, train: [x]}]\n" + more;
}

ConfigChange change_to(const std::string& is, int64_t num_begun) {
  return compare_configs(config::parse_yaml(two_stages(), "was"), config::parse_yaml(is, "is"),
                         num_begun);
}

TEST(CompareConfigsTest, NamesWhatDiffersAndWhichOfItMakesAnotherBrain) {
  EXPECT_TRUE(change_to(two_stages(), 2).empty());
  const ConfigChange change = change_to(two_stages("world: {type: tree}\nevals: {}\n"), 2);
  EXPECT_THAT(change.keys(), ElementsAre("world", "evals"));
  EXPECT_THAT(change.fixed, ElementsAre("world"));
}

std::vector<std::string> fixed_in(const std::string& was, const std::string& is) {
  return compare_configs(config::parse_yaml(was, "was"), config::parse_yaml(is, "is"), 0).fixed;
}

TEST(CompareConfigsTest, NullIsAsGoodAsNothing) {
  EXPECT_TRUE(change_to(two_stages("evals: null\n"), 2).empty());
  const ConfigChange change =
      compare_configs(config::parse_yaml("evals: null", "was"), config::parse_yaml("{}", "is"), 0);
  EXPECT_TRUE(change.empty());
}

TEST(CompareConfigsTest, AnOrderMeansSomethingOnlyInABrainOrWorld) {
  EXPECT_THAT(fixed_in("amygdala: {a: 1, b: 2}", "amygdala: {b: 2, a: 1}"),
              ElementsAre("amygdala"));
  EXPECT_TRUE(compare_configs(config::parse_yaml("evals: {a: 1, b: 2}", "was"),
                              config::parse_yaml("evals: {b: 2, a: 1}", "is"), 0)
                  .empty());
}

TEST(CompareConfigsTest, TheDataOfAWorldMayLieElsewhere) {
  EXPECT_THAT(fixed_in("world: {file: a, data: b, rows: 1}", "world: {file: c, data: d, rows: 2}"),
              ElementsAre("world.rows"));
}

TEST(CompareConfigsTest, AMovingAverageMayHaveAnotherDecayButNotBeginOrEnd) {
  const auto fixed = [](const std::string& was, const std::string& is) {
    return fixed_in("optimizer: {ema_decay: " + was + "}", "optimizer: {ema_decay: " + is + "}");
  };
  EXPECT_THAT(fixed("0.9", "0.5"), IsEmpty());
  EXPECT_THAT(fixed("0", "0.5"), ElementsAre("optimizer.ema_decay"));
  EXPECT_THAT(fixed("0.5", "0"), ElementsAre("optimizer.ema_decay"));
}

TEST(CompareConfigsTest, StagesThatHaveBegunStayWhereTheyAre) {
  const std::string other = "seed: 1\ncurriculum: [{stage: a}, {stage: c}, {stage: d}]\n";
  EXPECT_EQ(change_to(other, 1).stages, "");
  EXPECT_EQ(change_to(other, 2).stages, "has begun stage 'b', in whose place this config has 'c'");
  EXPECT_THAT(change_to(other, 2).fixed, IsEmpty());
  const std::string fewer = "seed: 1\ncurriculum: [{stage: a}]\n";
  EXPECT_EQ(change_to(fewer, 1).stages, "");
  EXPECT_EQ(change_to(fewer, 2).stages, "has begun stage 'b', in whose place this config has none");
}

TEST(CompareConfigsTest, AStageThatARunFellBackFromHasBegun) {
  std::string was = kOneStep;
  was.insert(was.find("training:"), "  - {stage: more, inherit: fit}\n");
  const auto stages = [&](const std::vector<int64_t>& visits) {
    training::RunState state;
    state.step = 5;
    state.curriculum.visits = visits;
    return compare_configs(was, "was", kOneStep, state).stages;
  };
  EXPECT_EQ(stages({1, 0}), "");
  EXPECT_EQ(stages({2, 1}), "has begun stage 'more', in whose place this config has none");
}

TEST(CompareConfigsTest, AStageOfWhichNoStepWasTakenMayBeAnotherButNotNone) {
  const auto with = [](const std::string& stage) {
    std::string config = kOneStep;
    return config.insert(config.find("training:"), "  - {stage: " + stage + ", inherit: fit}\n");
  };
  const auto stages = [&](int64_t step, int64_t visits, const std::string& is) {
    training::RunState state;
    state.step = step;
    state.curriculum.stage = 1;
    state.curriculum.entered_at = 5;
    state.curriculum.visits = {visits, visits};
    return compare_configs(with("more"), "was", is, state).stages;
  };
  EXPECT_EQ(stages(5, 1, with("dream")), "");
  const std::string begun = "has begun stage 'more', in whose place this config has ";
  EXPECT_EQ(stages(6, 1, with("dream")), begun + "'dream'");
  EXPECT_EQ(stages(5, 2, with("dream")), begun + "'dream'") << "it was there before";
  EXPECT_EQ(stages(5, 1, kOneStep), begun + "none");
}

TEST(CompareConfigsTest, ConditionsAndTheBestCheckpointAreTouchedByTheEvalsThatTheyName) {
  std::string was = kOneStep;
  was.replace(was.find("{after: 1 step}"), 15, "{metric: eval/fit, below: 1, for: 1 eval}");
  was +=
      "evals: {fit: {type: nll, regime: rows}, fitter: {type: nll, regime: rows}}\n"
      "checkpoints: {best: {of: eval/fitter.x}}\n";
  const auto touched = [&](const std::string& from, const std::string& to) {
    std::string is = was;
    is.replace(is.find(from), from.size(), to);
    const auto config = config::parse<RunConfig>(is, "is", parts());
    const auto change = compare_configs(was, "was", config::to_yaml(config::dump(config)), {});
    EXPECT_FALSE(change.empty()) << to;
    return std::pair{change.touches_conditions, change.touches_best};
  };
  EXPECT_EQ(touched("fit: {", "fit: {rows: 8, "), (std::pair{true, false}));
  EXPECT_EQ(touched("fitter: {", "fitter: {rows: 8, "), (std::pair{false, true}));
  EXPECT_EQ(touched("fit: {", "fit: {every: 8 steps, "), (std::pair{true, false}));
  EXPECT_EQ(touched("fitter: {", "fitter: {every: 8 steps, "), (std::pair{false, false}));
  EXPECT_EQ(touched("evals: {", "evals: {more: {type: nll, regime: rows}, "),
            (std::pair{false, false}));
  EXPECT_EQ(touched("below: 1", "below: 2"), (std::pair{true, false}));
  EXPECT_EQ(touched("fitter.x", "fit"), (std::pair{false, true}));
  EXPECT_EQ(touched("seed: 3", "seed: 4"), (std::pair{false, false}));
}

TEST(CompareConfigsTest, AStageThatIsOverIsNamedWhereItHasChanged) {
  std::string was = kOneStep;
  was.insert(was.find("training:"), "  - {stage: more, inherit: fit}\n");
  std::string is = was;
  is.replace(is.find("1 step"), 6, "2 steps");
  const auto past = [&](int64_t stage) {
    training::RunState state;
    state.step = 9;
    state.curriculum.visits = {1, stage};
    state.curriculum.stage = stage;
    const auto config = config::parse<RunConfig>(is, "is", parts());
    const std::string resolved = config::to_yaml(config::dump(config));
    return compare_configs(was, "was", resolved, state).past_stages;
  };
  EXPECT_THAT(past(0), IsEmpty());
  EXPECT_THAT(past(1), ElementsAre("'fit'")) << "the present one has changed too";
}

}  // namespace
}  // namespace limbic::app
