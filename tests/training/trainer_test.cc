#include "limbic/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <utility>
#include <vector>

#include "limbic/core/log.h"
#include "temporary_directory.h"
#include "toy_parts.h"

namespace limbic::training {
namespace {

using curriculum::Schedule;

class TrainerTest : public testing::Test {
 protected:
  TrainerTest() { log::set_level(log::Level::kQuiet); }
  ~TrainerTest() override { log::set_level(log::Level::kInfo); }

  [[nodiscard]] Parts parts(std::vector<curriculum::StagePlan> plan) const {
    Parts parts = toy_parts(std::move(plan));
    parts.run_directory = directory_ / "run";
    return parts;
  }

  const TemporaryDirectory directory_;
};

TEST_F(TrainerTest, AStageMayResetTheMomentsOfWhatItTrainsAndOfNothingElse) {
  auto again = toy_stage("again", 1, {"cortex"});
  again.on_enter.optimizer = curriculum::OptimizerStart::kReset;
  Trainer trainer(parts({toy_stage("both", 3, {"cortex", "amygdala"}), again}));
  trainer.run();
  EXPECT_EQ(saved(trainer.replicas(), "cortex", "steps/0").item<double>(), 1);
  EXPECT_EQ(saved(trainer.replicas(), "amygdala", "steps/0").item<double>(), 3);
}

// Where a gradient is always the same, AdamW goes a rate in each step.
TEST_F(TrainerTest, ASchedulesClockAndARewarmBeginWithTheirStage) {
  auto again = toy_stage("again", 2, {"cortex"});
  again.on_enter.learning_rate.rewarm = 4;
  Parts of_run = parts({toy_stage("first", 3, {"cortex"}), again});
  of_run.optimizer.learning_rate =
      Schedule(Schedule::Ramp{.form = Schedule::Form::kLinear, .from = 0.1, .to = 0.2, .over = 10});
  Trainer trainer(std::move(of_run));
  trainer.run();
  const double gone = (0.1 + 0.11 + 0.12) + (0.1 * 1 / 4 + 0.11 * 2 / 4);
  EXPECT_NEAR(saved(trainer.replicas(), "cortex", "cortex.gain")[0].item<double>(), 1 - gone, 1e-5);
}

TEST_F(TrainerTest, ForgetsABestCheckpointThatIsNoLongerThere) {
  const Parts of_run = parts({toy_stage("both", 2, {"cortex", "amygdala"})});
  Trainer(of_run).run();
  CheckpointStore store(directory_ / "run/checkpoints");
  Snapshot snapshot = store.load(2);
  RunState state = parse_run_state(snapshot.state_json, "state.json");
  const auto best_of_a_run_from = [&](int64_t best) {
    state.best = {.rule = "lower eval/predict", .value = 1.0, .step = best};
    snapshot.state_json = to_json(state);
    store.save(snapshot);
    return Trainer(of_run).state().best.step;
  };
  EXPECT_EQ(best_of_a_run_from(0), 0);
  EXPECT_EQ(best_of_a_run_from(1), std::nullopt);
}

}  // namespace
}  // namespace limbic::training
