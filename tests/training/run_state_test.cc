#include "limbic/training/run_state.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::StartsWith;
using testing::ThrowsMessage;

TEST(BestCheckpointTest, IsTheOneWhoseMetricWasLowestWhenItWasTaken) {
  BestCheckpoint best;
  best.judge(10, Extreme::kLowest);
  EXPECT_EQ(best.step, std::nullopt) << "nothing was measured yet";
  for (const auto& [step, value] : {std::pair{20, 3.0}, {30, 2.0}, {40, 2.5}, {50, 2.0}}) {
    best.newest = value;
    best.judge(step, Extreme::kLowest);
  }
  EXPECT_EQ(best.step, 30);
  EXPECT_EQ(best.value, 2.0);
  best.judge(60, Extreme::kHighest);
  EXPECT_EQ(best.step, 30) << "as good is not better";
}

TEST(RunStateTest, GoesThroughJsonExactly) {
  RunState state;
  state.step = 7;
  state.curriculum.visits = {1};
  state.curriculum.fall_backs = {0};
  state.window = {{0.1, 1e-300}, {2, 3}, 4};
  state.audit = {{"captions_with_retina", 0}};
  state.best = {.newest = 1.0 / 3, .value = {}, .step = 5};
  state.logs = {1, 2, 3, 4};
  const RunState back = parse_run_state(to_json(state), "state.json");
  EXPECT_EQ(to_json(back), to_json(state));
  EXPECT_EQ(back.window.sum, state.window.sum);
  EXPECT_EQ(back.best.newest, 1.0 / 3);
}

TEST(RunStateTest, NamesTheFileThatIsNoState) {
  EXPECT_THAT([] { (void)parse_run_state("{}", "a/state.json"); },
              ThrowsMessage<Error>(StartsWith("a/state.json: ")));
}

}  // namespace
}  // namespace limbic::training
