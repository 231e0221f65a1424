#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// One run, gone on with by other configs.
class ConfigChangeTest : public testing::Test {
 protected:
  ConfigChangeTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(directory_ / "config.yaml") << kSmallRun;
  }

  [[nodiscard]] training::Parts parts(const std::vector<std::string>& set = {}) const {
    return build_parts(read_config(directory_ / "config.yaml", set), directory_ / "run", at::kCPU);
  }
  void train(std::optional<int64_t> last_step = {},
             const std::vector<std::string>& set = {}) const {
    training::Trainer(parts(set)).run(last_step);
  }
  // As one that is killed before its first step.
  void open(const std::string& change) const { const training::Trainer trainer(parts({change})); }

  void expect_run_and_checkpoint_say(const std::string& line) const {
    const training::CheckpointStore store(directory_ / "run/checkpoints");
    const std::string config = read_file(directory_ / "run/config.yaml");
    EXPECT_THAT(config, HasSubstr(line));
    EXPECT_EQ(store.load(store.list().back()).config_yaml, config);
  }

  const training::TemporaryDirectory directory_;
};

TEST_F(ConfigChangeTest, IsInTheNewestCheckpointBeforeAnyStepIsTaken) {
  train(4);
  open("optimizer.weight_decay=0.5");
  expect_run_and_checkpoint_say("weight_decay: 0.5");
  train({}, {"optimizer.weight_decay=0.5"});
  open("optimizer.weight_decay=0.25");
  expect_run_and_checkpoint_say("weight_decay: 0.25");
}

TEST_F(ConfigChangeTest, ThatPutsALossInAnothersPlaceDoesNotAverageBoth) {
  train(2);
  const training::Trainer trainer(
      parts({"curriculum.see.losses={other: {type: any_subset, trains: [cortex]}}"}));
  EXPECT_EQ(trainer.state().window.steps, 0);
  EXPECT_THAT(trainer.state().window.sum, ElementsAre(0));
}

TEST_F(ConfigChangeTest, ThatMakesTheLastStageLongerIsGoneOnByWhereTheRunWasFinished) {
  train();
  EXPECT_EQ(training::Trainer(parts({"curriculum.fear.until={after: 8 steps}"})).run().step, 14);
}

}  // namespace
}  // namespace limbic::app
