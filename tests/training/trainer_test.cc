#include "limbic/training/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cmath>
#include <csignal>
#include <filesystem>
#include <iostream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "../support/faulty_disk.h"
#include "../support/learned.h"
#include "../support/recorder.h"
#include "../support/temporary_directory.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/system_calls.h"
#include "limbic/training/metrics_log.h"
#include "toy_parts.h"

namespace limbic::training {
namespace {

using curriculum::OptimizerStart;
using curriculum::Schedule;
using testing::AllOf;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::ThrowsMessage;
using testing_support::FaultyDisk;
using testing_support::TemporaryDirectory;

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

TEST_F(TrainerTest, AResumeOnAnotherProcessorIsWarnedOf) {
  Parts of_run = parts({toy_stage("both", 2, {"cortex", "amygdala"})});
  of_run.device_name = "NVIDIA A100-SXM4-80GB, 81920 MiB";
  Trainer(of_run).run(1);
  of_run.device_name = "NVIDIA H200, 143771 MiB";
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  Trainer(of_run).run();
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("this run may not continue bit for bit: device was NVIDIA "
                        "A100-SXM4-80GB, 81920 MiB, is NVIDIA H200, 143771 MiB\n"));
}

TEST_F(TrainerTest, WhereNothingCanBeRecordedARunGoesOnAndSaysSo) {
  Parts of_run = parts({toy_stage("both", 4, {"cortex", "amygdala"})});
  const auto recorder = std::make_shared<testing_support::FakeRecorder>();
  recorder->most_recordings = 0;
  of_run.recorder = recorder;
  log::set_level(log::Level::kInfo);
  testing::internal::CaptureStderr();
  Trainer trainer(std::move(of_run));
  trainer.run();
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_EQ(trainer.state().step, 4);
  EXPECT_THAT(said, HasSubstr("so all are computed anew from here on"));
  EXPECT_THAT(said, HasSubstr("0 replays of 0 graphs, 2 computed to warm up, 6 computed anew"));
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

TEST_F(TrainerTest, AStageThatARunOnlyEnteredIsEnteredByANewConfig) {
  const auto of = [&](const std::string& run, OptimizerStart start, const std::string& config) {
    auto two = toy_stage("two", 2, {"cortex"});
    two.on_enter.optimizer = start;
    Parts of_run = parts({toy_stage("one", 2, {"cortex"}), two});
    of_run.run_directory = directory_ / run;
    of_run.config_yaml = config;
    return of_run;
  };
  Trainer unbroken(of("unbroken", OptimizerStart::kReset, "toy: new\n"));
  unbroken.run();
  EXPECT_EQ(saved(unbroken.replicas(), "cortex", "steps/0").item<double>(), 2);
  const auto expected = testing_support::learned(unbroken.replicas());
  for (const OptimizerStart before : {OptimizerStart::kKeep, OptimizerStart::kReset}) {
    const std::string run = before == OptimizerStart::kKeep ? "kept" : "reset";
    Trainer(of(run, before, "toy: old\n")).run(2);
    Trainer changed(of(run, OptimizerStart::kReset, "toy: new\n"));
    changed.run();
    EXPECT_EQ(testing_support::learned(changed.replicas()), expected) << run;
  }
}

TEST_F(TrainerTest, AStageThatANewConfigHasEndedTakesNoFurtherStepAlsoAfterAKill) {
  const auto of = [&](int64_t steps, const std::string& config) {
    Parts of_run = parts({toy_stage("one", steps, {"cortex"})});
    of_run.config_yaml = config;
    return of_run;
  };
  Trainer(of(9, "toy: old\n")).run(5);
  { const Trainer killed(of(5, "toy: new\n")); }
  EXPECT_EQ(Trainer(of(5, "toy: new\n")).run().step, 5);
}

TEST_F(TrainerTest, IsAskedOfTheCheckpointThatItGoesOnFromOnceAndDoesAsItIsTold) {
  Parts of_run = parts({toy_stage("one", 9, {"cortex"})});
  Trainer(of_run).run(4);
  const std::string file = directory_ / "run/checkpoints/step-000000004/config.yaml";
  std::vector<int64_t> asked;
  const auto agree = [&](const Snapshot& from) -> ConfigDelta {
    asked.push_back(from.step);
    return {"toy: agreed\n", {{"toy", "true", "agreed"}}};
  };
  {
    const Trainer trainer(of_run, std::nullopt, agree);
    EXPECT_THAT(asked, ElementsAre(4));
  }
  EXPECT_EQ(read_file(file), "toy: agreed\n");
  EXPECT_EQ(read_file(directory_ / "run/config.yaml"), "toy: agreed\n");
  const std::string line = "{\"step\":4,\"changed\":{\"toy\":{\"was\":true,\"is\":\"agreed\"}}}\n";
  EXPECT_EQ(read_file(directory_ / "run/decisions.jsonl"), line);
  of_run.config_yaml = "toy: agreed\n";
  Trainer(of_run).run();
  EXPECT_THAT(read_file(directory_ / "run/decisions.jsonl"), testing::StartsWith(line));
}

TEST_F(TrainerTest, NothingOfARunIsChangedThatIsNotAgreedTo) {
  Parts of_run = parts({toy_stage("one", 9, {"cortex"})});
  of_run.checkpoints.every = config::Steps{1};
  Trainer(of_run).run(2);
  const auto refuse = [](const Snapshot&) -> ConfigDelta { throw input_error("no"); };
  EXPECT_THAT([&] { const Trainer trainer(of_run, 1, refuse); }, ThrowsMessage<Error>("no"));
  EXPECT_THAT(CheckpointStore(directory_ / "run/checkpoints").list(), ElementsAre(0, 1, 2));
}

// Rows 0 to 3, then 4 to 7, then 8 to 11, in two chunks each; every other one is a threat.
TEST_F(TrainerTest, AuditsAddUpOverChunksStepsAndAResume) {
  Parts of_run = parts({toy_stage("both", 3, {"cortex", "amygdala"})});
  of_run.training.batch_size = 4;
  of_run.training.chunks = 2;
  Trainer(of_run).run(1);
  Trainer resumed(of_run);
  EXPECT_EQ(resumed.state().audit.at("threats"), 2);
  resumed.run();
  EXPECT_EQ(resumed.state().audit.at("threats"), 6);
}

TEST_F(TrainerTest, SavesAndKeepsMilestonesThatAreNotDueOtherwise) {
  Parts of_run = parts({toy_stage("both", 7, {"cortex", "amygdala"})});
  of_run.checkpoints = {.every = config::Steps{4}, .keep_last = 1, .keep_every = config::Steps{3}};
  Trainer(of_run).run();
  EXPECT_THAT(CheckpointStore(directory_ / "run/checkpoints").list(), ElementsAre(0, 3, 6, 7));
}

TEST_F(TrainerTest, ProgressIsTowardsTheStepAtWhichAStagesTimeIsUp) {
  auto stage = toy_stage("both", 9, {"cortex", "amygdala"});
  stage.at_most = config::Steps{4};
  stage.on_timeout = curriculum::OnTimeout::kAdvance;
  log::set_level(log::Level::kInfo);
  testing::internal::CaptureStderr();
  Trainer(parts({stage})).run();
  EXPECT_THAT(testing::internal::GetCapturedStderr(), HasSubstr("both  1/4"));
}

/// Not finite from the second step on: the cortex's gain goes from 1 down by 0.1 a step.
class Cliff : public losses::Loss {
 public:
  [[nodiscard]] bool reads_signals() const override { return false; }
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& /*episodes*/,
                        const brain::Signals& /*signals*/,
                        const losses::Lesson& /*lesson*/) const override {
    return (brain.cortex().parameters()[0][0] - 0.95).log();
  }
};

TEST_F(TrainerTest, NamesTheLossThatDivergedAlsoWhereTheDiskIsFull) {
  Parts of_run = parts({toy_stage("both", 9, {"cortex", "amygdala"})});
  of_run.losses[0][0].loss = std::make_shared<Cliff>();
  const SystemCalls real;
  FaultyDisk disk;
  disk->mkdir = [=](const char* path, mode_t mode) {
    if (!std::string_view(path).ends_with("/step-000000001.tmp")) return real.mkdir(path, mode);
    errno = ENOSPC;
    return -1;
  };
  EXPECT_THAT([&] { Trainer(of_run).run(); },
              ThrowsMessage<Error>(
                  AllOf(HasSubstr("stage 'both', step 1: loss 'cortex' of circuit cortex is "),
                        HasSubstr("; weights as they stood before could not be saved: "),
                        HasSubstr("No space left on device"))));
}

/// While it lives, stderr is a pipe that nobody reads.
class DeadStderr {
 public:
  DeadStderr() : kept_(::dup(STDERR_FILENO)) {
    std::array<int, 2> ends{};
    if (::pipe(ends.data()) != 0) throw std::runtime_error("no pipe");
    ::close(ends[0]);
    ::dup2(ends[1], STDERR_FILENO);
    ::close(ends[1]);
  }
  ~DeadStderr() {
    ::dup2(kept_, STDERR_FILENO);
    ::close(kept_);
    std::cerr.clear();
  }
  DeadStderr(const DeadStderr&) = delete;
  DeadStderr& operator=(const DeadStderr&) = delete;

 private:
  int kept_;
};

TEST_F(TrainerTest, ARunWhoseProgressNobodyReadsAnyMoreSavesAndStops) {
  std::signal(SIGPIPE, SIG_DFL);
  Trainer trainer(parts({toy_stage("both", 9, {"cortex", "amygdala"})}));
  log::set_level(log::Level::kInfo);
  Outcome outcome;
  {
    const DeadStderr dead;
    outcome = trainer.run();
  }
  EXPECT_EQ(outcome.ending, Ending::kStopped);
  EXPECT_EQ(outcome.signal, SIGPIPE);
  EXPECT_THAT(CheckpointStore(directory_ / "run/checkpoints").list(), ElementsAre(0, 1));
}

// ---- checkpoints that are lost

TEST_F(TrainerTest, ACheckpointThatCanBeReadAgainHindersNoRunThatWentBackFromIt) {
  Parts of_run = parts({toy_stage("both", 4, {"cortex", "amygdala"})});
  of_run.checkpoints.every = config::Steps{1};
  of_run.training.log_every = config::Steps{1};
  Trainer(of_run).run(3);
  const CheckpointStore store(directory_ / "run/checkpoints");
  const std::string bytes = read_file(store.path(3) + "/state.json");
  write_file_durably(store.path(3) + "/state.json", "");
  EXPECT_EQ(Trainer(of_run).state().step, 2);
  write_file_durably(store.path(3) + ".damaged/state.json", bytes);
  Trainer again(of_run);
  EXPECT_EQ(again.state().step, 2);
  EXPECT_EQ(again.run().step, 4);
  EXPECT_THAT(store.list(), ElementsAre(2, 3, 4));
}

TEST_F(TrainerTest, NorIsItLostWhereARunBeginsAnewByAnotherConfig) {
  Parts of_run = parts({toy_stage("both", 2, {"cortex", "amygdala"})});
  Trainer(of_run).run(1);
  const CheckpointStore store(directory_ / "run/checkpoints");
  write_file_durably(store.path(1) + "/state.json", "");
  of_run.config_yaml = "toy: new\n";
  EXPECT_EQ(Trainer(of_run).state().step, 0);
  EXPECT_TRUE(std::filesystem::exists(store.path(1) + ".damaged/state.json"));
}

/// How far the cortex's gain, which goes from 1 down by 0.1 a step, is from 0.8.
class GainEval : public evals::Eval {
 public:
  void check(const brain::Brain& /*brain*/, const worlds::World& /*world*/) const override {}
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& /*world*/) const override {
    return {""};
  }
  evals::Results run(brain::Brain& brain, const evals::EpisodeSource& /*source*/) const override {
    return {{"", std::abs(brain.cortex().parameters()[0][0].item<double>() - 0.8)}};
  }
};

std::vector<ScheduledEval> gain_at_every_step() {
  return {{.name = "gain", .every = 1, .eval = std::make_shared<GainEval>()}};
}

TEST_F(TrainerTest, EvalsAskTheMovingAverage) {
  Parts of_run = parts({toy_stage("both", 1, {"cortex", "amygdala"})});
  of_run.optimizer.ema_decay = 0.75;
  of_run.evals = gain_at_every_step();
  Trainer(of_run).run();
  const double average = 2.0 / 11 * 1 + 9.0 / 11 * 0.9;  // decay (1 + n) / (10 + n), n = 1
  EXPECT_NEAR(read_metrics(directory_ / "run/metrics.jsonl").front().values.at("eval/gain"),
              average - 0.8, 1e-6);
}

/// A run of three steps, the best of which is the second, on a disk that refuses that one's
/// checkpoint.
class RefusedBestTest : public TrainerTest {
 protected:
  RefusedBestTest() : of_run_(parts({toy_stage("both", 3, {"cortex", "amygdala"})})) {
    of_run_.evals = gain_at_every_step();
    of_run_.checkpoints.keep_last = 1;
    of_run_.checkpoints.best.emplace().of.text = "eval/gain";
  }

  void train_on_a_disk_that_refuses(int times) const {
    const SystemCalls real;
    FaultyDisk disk;
    disk->mkdir = [=](const char* path, mode_t mode) mutable {
      const bool is_best = std::string_view(path).ends_with("/step-000000002.tmp");
      if (!is_best || times-- <= 0) return real.mkdir(path, mode);
      errno = ENOSPC;
      return -1;
    };
    Trainer(of_run_).run();
  }
  [[nodiscard]] std::vector<int64_t> kept() const {
    return CheckpointStore(directory_ / "run/checkpoints").list();
  }

  Parts of_run_;
};

TEST_F(RefusedBestTest, OnceIsKeptAllTheSame) {
  train_on_a_disk_that_refuses(1);
  EXPECT_THAT(kept(), ElementsAre(2, 3));
  EXPECT_EQ(Trainer(of_run_).state().best.step, 2);
}

TEST_F(RefusedBestTest, TwiceEndsTheRunAndCostsNotTheBestBeforeIt) {
  EXPECT_THAT([&] { train_on_a_disk_that_refuses(2); },
              ThrowsMessage<Error>(HasSubstr("No space left on device")));
  EXPECT_THAT(kept(), ElementsAre(1));
  Trainer trainer(of_run_);
  EXPECT_EQ(trainer.state().best.step, 1);
  trainer.run();
  EXPECT_THAT(kept(), ElementsAre(2, 3));
}

}  // namespace
}  // namespace limbic::training
