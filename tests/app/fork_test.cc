#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "../support/faulty_disk.h"
#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/system_calls.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing_support::FaultyDisk;
using testing_support::refusal;

/// A run of two steps, two more of which were by another weight decay.
class ForkTest : public testing::Test {
 protected:
  ForkTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(directory_ / "config.yaml") << kSmallRun;
    train(2, "0.25");
    train(4, "0.5");
  }

  void train(int64_t last_step, const std::string& weight_decay) const {
    const std::vector<std::string> set{"checkpoints={every: 1 step, keep_last: 9}",
                                       "optimizer.weight_decay=" + weight_decay};
    train_run(directory_ / "config.yaml", directory_ / "run", set, last_step);
  }
  /// Says in the run's last checkpoint that the best so far is of that step.
  void mark_best(int64_t step) const {
    training::CheckpointStore store(directory_ / "run/checkpoints", {.keep_last = 9});
    training::Snapshot snapshot = store.load(4);
    auto state = training::state_of(snapshot);
    state.best = {.rule = "lower eval/word.auroc", .value = 0.5, .step = step};
    snapshot.state_json = to_json(state);
    store.save(snapshot);
  }
  void fork_at(const std::string& run, const std::string& step, const std::string& to,
               const std::vector<std::string>& set = {}) const {
    fork({.run = directory_ / run, .at = step, .to = directory_ / to, .set = set});
  }
  void resume_until(int64_t last_step, const std::string& run,
                    const std::vector<std::string>& set = {}, const std::string& at = "") const {
    ResumeOptions options;
    options.run = directory_ / run;
    options.at = at;
    options.set = set;
    options.device = "cpu";
    options.steps = last_step;
    resume(options);
  }
  [[nodiscard]] std::string config(const std::string& run) const {
    return read_file(directory_ / (run + "/config.yaml"));
  }
  [[nodiscard]] training::CheckpointStore checkpoints(const std::string& run) const {
    return training::CheckpointStore(directory_ / (run + "/checkpoints"));
  }

  const testing_support::TemporaryDirectory directory_;
};

TEST_F(ForkTest, GoesOnByTheConfigOfItsStepWhateverTheRunsIsNow) {
  fork_at("run", "1", "new");
  EXPECT_EQ(config("new"), checkpoints("run").load(1).config_yaml);
  EXPECT_THAT(config("new"), HasSubstr("weight_decay: 0.25"));
}

TEST_F(ForkTest, WithSettingsGoesOnByTheRunsConfigOfNowAsResumeDoes) {
  fork_at("run", "1", "new", {"optimizer.beta2=0.75"});
  EXPECT_THAT(config("new"), AllOf(HasSubstr("weight_decay: 0.5"), HasSubstr("beta2: 0.75")));
}

TEST_F(ForkTest, SaysThatTheRunsConfigHasChangedSinceThatStep) {
  log::set_level(log::Level::kInfo);
  testing::internal::CaptureStderr();
  fork_at("run", "1", "old");
  fork_at("run", "4", "new");
  const std::string said = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kQuiet);
  EXPECT_THAT(said, HasSubstr("its config has changed since step 1; the fork goes on by the "
                              "config of that step"));
  EXPECT_THAT(said, testing::Not(HasSubstr("since step 4")));
}

TEST_F(ForkTest, OfAForksFirstStepGoesOnByWhatThatWasMadeFor) {
  fork_at("run", "1", "new", {"optimizer.weight_decay=0.75"});
  fork_at("new", "1", "newer");
  EXPECT_THAT(config("newer"), HasSubstr("weight_decay: 0.75"));
}

TEST_F(ForkTest, OfAForksFirstStepGoesOnByWhatFollowedItWhateverTheForksConfigIsNow) {
  fork_at("run", "1", "new", {"optimizer.weight_decay=0.75"});
  resume_until(3, "new");
  resume_until(4, "new", {"optimizer.weight_decay=0.125"});
  fork_at("new", "1", "newer");
  EXPECT_THAT(config("newer"), HasSubstr("weight_decay: 0.75"));
  EXPECT_THAT([&] { resume_until(4, "new", {}, "1"); },
              testing::ThrowsMessage<Error>(
                  HasSubstr("its config has changed since step 1, in optimizer.weight_decay; ")));
}

TEST_F(ForkTest, OfAForkWhoseOriginIsDamagedNamesThatFile) {
  fork_at("run", "1", "new");
  const std::string origin = directory_ / "new/origin.json";
  write_file_durably(origin, "{\"run\": ");
  EXPECT_EQ(refusal([&] { fork_at("new", "1", "newer"); }, ExitCode::kDamaged),
            origin + " is not a JSON object");
}

TEST_F(ForkTest, ForgetsABestCheckpointThatTheRunNoLongerHas) {
  const auto fork_with_best = [&](int64_t best, const std::string& to) {
    mark_best(best);
    fork_at("run", "4", to);
    return training::parse_run_state(checkpoints(to).load(4).state_json, "state.json").best.step;
  };
  EXPECT_EQ(fork_with_best(1, "kept"), 1);
  EXPECT_THAT(checkpoints("kept").list(), ElementsAre(1, 4));
  std::filesystem::remove_all(checkpoints("run").path(1));
  EXPECT_EQ(fork_with_best(1, "forgotten"), std::nullopt);
  EXPECT_THAT(checkpoints("forgotten").list(), ElementsAre(4));
}

TEST_F(ForkTest, GoesWithoutABestCheckpointThatItMeasuresOtherwise) {
  mark_best(1);
  fork_at("run", "4", "new", {"checkpoints.best={of: eval/word.auroc, direction: higher}"});
  EXPECT_THAT(checkpoints("new").list(), ElementsAre(4));
  EXPECT_EQ(training::state_of(checkpoints("new").load(4)).best.step, std::nullopt);
}

TEST_F(ForkTest, GoesWithoutABestCheckpointThatIsDamaged) {
  mark_best(1);
  write_file_durably(checkpoints("run").path(1) + "/config.yaml", "");
  fork_at("run", "4", "new");
  EXPECT_THAT(checkpoints("new").list(), ElementsAre(4));
  EXPECT_EQ(training::state_of(checkpoints("new").load(4)).best.step, std::nullopt);
}

TEST_F(ForkTest, KeepsWhatConditionsHaveSeenUnlessTheyOrEvalsChange) {
  const auto last_seen = [&](const std::string& to, const std::string& change) {
    fork_at("run", "4", to, {change});
    resume_until(4, to);
    return training::state_of(checkpoints(to).load(4)).curriculum.until.at(1).last;
  };
  EXPECT_EQ(last_seen("rate", "optimizer.beta2=0.75"), 0.5);
  EXPECT_EQ(last_seen("eval", "evals.word.rows=32"), std::nullopt);
  EXPECT_EQ(last_seen("stage", "curriculum.fear.until={after: 9 steps}"), std::nullopt);
}

// As if another fork were done between the first look and the lock.
TEST_F(ForkTest, LooksAgainForARunWhenItHoldsTheLock) {
  fork_at("run", "1", "new");
  const SystemCalls real;
  FaultyDisk disk;
  disk->access = [&, looks = 0](const char* path, int mode) mutable {
    if (path != directory_ / "new/config.yaml" || ++looks > 1) return real.access(path, mode);
    errno = ENOENT;
    return -1;
  };
  EXPECT_EQ(refusal([&] { fork_at("run", "4", "new"); }),
            (directory_ / "new") + " holds a run already; give --to another directory");
  EXPECT_THAT(checkpoints("new").list(), ElementsAre(1));
}

}  // namespace
}  // namespace limbic::app
