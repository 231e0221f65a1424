#include "limbic/app/config_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <regex>
#include <string>
#include <vector>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

// An eval that no condition names.
constexpr const char* kReport =
    "evals.more={type: auroc, regime: live, of: assess.flinch, against: threat, rows: 16, every: 2 "
    "steps}";

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
  void resume_with(const std::string& set, std::optional<int64_t> last_step = {}) const {
    resume({.run = directory_ / "run",
            .at = {},
            .set = {set},
            .device = "cpu",
            .steps = last_step,
            .workers = {}});
  }
  [[nodiscard]] training::CheckpointStore store() const {
    return training::CheckpointStore(directory_ / "run/checkpoints");
  }
  [[nodiscard]] int64_t last_step() const { return store().list().back(); }
  [[nodiscard]] training::RunState state(int64_t step) const {
    return training::state_of(store().load(step));
  }
  [[nodiscard]] std::string written(const std::string& file) const {
    return read_file(directory_ / ("run/" + file));
  }
  // As one that is killed before its first step.
  void open(const std::string& change) const { const training::Trainer trainer(parts({change})); }

  void expect_run_and_checkpoint_say(const std::string& line) const {
    const std::string config = read_file(directory_ / "run/config.yaml");
    EXPECT_THAT(config, HasSubstr(line));
    EXPECT_EQ(store().load(last_step()).config_yaml, config);
  }

  const testing_support::TemporaryDirectory directory_;
};

TEST_F(ConfigChangeTest, IsInTheNewestCheckpointBeforeAnyStepIsTaken) {
  train(4);
  open("optimizer.weight_decay=0.5");
  expect_run_and_checkpoint_say("weight_decay: 0.5");
}

TEST_F(ConfigChangeTest, LeavesARunAsItWasWhereNothingIsLeftToTrain) {
  train();
  const auto all = [&] {
    return std::vector{written("config.yaml"), written("decisions.jsonl"),
                       written("checkpoints/step-000000012/config.yaml"),
                       written("checkpoints/step-000000012/state.json")};
  };
  const auto before = all();
  log::set_level(log::Level::kInfo);
  testing::internal::CaptureStderr();
  resume_with("optimizer.weight_decay=0.5");
  const std::string said = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kQuiet);
  EXPECT_THAT(said, HasSubstr("nothing is left to train by a new config, which differs in "
                              "optimizer.weight_decay: the run stays as it was; its last stage "
                              "would have to last longer (until, at_most)\n"));
  EXPECT_THAT(said, Not(HasSubstr("going on")));
  EXPECT_EQ(all(), before);
}

TEST_F(ConfigChangeTest, IsToldByTheRunFromTheStepOnThatItIsGoneOnFrom) {
  train(4);
  resume_with("optimizer.weight_decay=0.5", 4);
  resume_with("optimizer.beta2=0.5");
  EXPECT_THAT(written("decisions.jsonl"),
              HasSubstr(R"({"step":4,"changed":{"optimizer.weight_decay":{"was":0.01,"is":0.5}}})"
                        "\n"
                        R"({"step":4,"changed":{"optimizer.beta2":{"was":0.99,"is":0.5}}})"
                        "\n"));
  EXPECT_THAT(answer([&] { return explain(directory_ / "run"); }),
              HasSubstr("  from step 4: optimizer.weight_decay 0.01 -> 0.5\n"
                        "  from step 4: optimizer.beta2 0.99 -> 0.5\n"));
}

TEST_F(ConfigChangeTest, ThatPutsALossInAnothersPlaceDoesNotAverageBoth) {
  train(2);
  const training::Trainer trainer(
      parts({"curriculum.see.losses={other: {type: any_subset, trains: [cortex]}}"}));
  EXPECT_EQ(trainer.state().window.steps, 0);
  EXPECT_THAT(trainer.state().window.sum, ElementsAre(0));
}

TEST_F(ConfigChangeTest, ThatEndsThePresentStageTakesNoFurtherStepOfIt) {
  train(5);
  resume_with("curriculum.see.until={after: 5 steps}");
  EXPECT_EQ(last_step(), 5 + 6);
  EXPECT_THAT(written("decisions.jsonl"),
              HasSubstr(R"({"step":5,"stage":"see","visit":1,"stage_step":5,"verdict":"advance")"));
}

TEST_F(ConfigChangeTest, IsComparedWithACheckpointThatIsReadOnce) {
  train(2, {"checkpoints.every=1 step"});
  write_file_durably(store().path(2) + "/state.json", "");
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  resume_with("optimizer.weight_decay=0.5", 1);
  const std::string said = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kQuiet);
  const std::string damage = "/state.json: 0 bytes";
  EXPECT_THAT(said, HasSubstr(damage));
  EXPECT_EQ(said.find(damage), said.rfind(damage)) << said;
}

// As after a kill between the two renames of a save.
TEST_F(ConfigChangeTest, IsComparedAlsoWithACheckpointThatWasBeingReplaced) {
  train(2, {"checkpoints.keep_last=1"});
  ASSERT_THAT(store().list(), ElementsAre(2));
  const std::string whole = store().path(2);
  std::filesystem::rename(whole, whole + ".old");
  EXPECT_EQ(testing_support::refusal([&] { resume_with("seed=7"); }),
            (directory_ / "run") +
                " holds a run of another config, which differs in seed; limbic "
                "train begins another run by it");
  EXPECT_EQ(state(2).step, 2);
}

TEST_F(ConfigChangeTest, OfWhatTheBestCheckpointIsMeasuredByForgetsThatOne) {
  train(4, {"checkpoints.best={of: eval/word.auroc, direction: higher}"});
  ASSERT_EQ(state(4).best.step, 2);
  resume_with(kReport, 4);
  EXPECT_EQ(state(4).best.step, 2);
  resume_with("evals.word.rows=32", 4);
  EXPECT_EQ(state(4).best.step, std::nullopt);
}

// An untaught assessor's AUROC stays as it is, so this is over at its third evaluation, at step 6.
constexpr const char* kPlateau =
    "curriculum=[{stage: see, episodes: {book: 1}, train: [cortex], losses: {predict: {type: "
    "any_subset, trains: [cortex]}}, until: {plateau: eval/word.auroc, patience: 2 evals}}]";

TEST_F(ConfigChangeTest, OpensAFinishedRunAgainOnlyIfConditionsMayMeanSomethingElse) {
  train({}, {kPlateau});
  for (const char* const set : {"checkpoints.keep_last=5", kReport}) {
    resume_with(set);
    EXPECT_EQ(last_step(), 6) << set;
  }
  resume_with("evals.word.rows=32");
  EXPECT_GT(last_step(), 6);
}

TEST_F(ConfigChangeTest, OfAnEvalThatNoConditionNamesLeavesWhatWasCounted) {
  train(3, {kPlateau});
  resume_with(kReport, 3);
  EXPECT_EQ(state(3).window.steps, 3);
  EXPECT_TRUE(state(3).curriculum.until.at(0).best);
  resume_with("evals.word.rows=32", 3);
  EXPECT_EQ(state(3).window.steps, 0);
  EXPECT_FALSE(state(3).curriculum.until.at(0).best);
}

TEST_F(ConfigChangeTest, ThatConditionsDoNotMeetLeavesARunAsItWouldHaveBeenBitForBit) {
  const auto all = [&] {
    const std::regex config_switch("\\{\"step\":5,\"changed\".*\n");
    return std::vector{written("metrics.jsonl"),
                       std::regex_replace(written("decisions.jsonl"), config_switch, ""),
                       written("checkpoints/step-000000006/cortex.safetensors")};
  };
  train({}, {kPlateau});
  const auto unbroken = all();
  std::filesystem::remove_all(directory_ / "run");
  train(5, {kPlateau});
  resume_with("checkpoints.keep_last=5");
  EXPECT_EQ(all(), unbroken);
}

TEST_F(ConfigChangeTest, ThatMakesTheLastStageLongerIsGoneOnByWhereTheRunWasFinished) {
  train();
  EXPECT_EQ(training::Trainer(parts({"curriculum.fear.until={after: 8 steps}"})).run().step, 14);
}

TEST_F(ConfigChangeTest, ThatPutsOtherStagesAfterThePresentOneIsGoneOnBy) {
  train(4);
  EXPECT_EQ(training::Trainer(parts({"curriculum.fear.stage=dream"})).run().step, 12);
  EXPECT_THAT(read_file(directory_ / "run/decisions.jsonl"), HasSubstr(R"("stage":"dream")"));
}

TEST_F(ConfigChangeTest, ThatTakesThemAwayIsToo) {
  train(4);
  EXPECT_EQ(training::Trainer(parts({"curriculum=[{stage: see, episodes: {book: 1}, train: "
                                     "[cortex], losses: {predict: {type: any_subset, trains: "
                                     "[cortex]}}, until: {after: 5 steps}}]"}))
                .run()
                .step,
            5);
}

/// A run on a table.
class DataChangeTest : public testing::Test {
 protected:
  DataChangeTest() {
    log::set_level(log::Level::kQuiet);
    std::ofstream(directory_ / "config.yaml") << "world: {type: table, file: " << table_ << R"yaml(}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2}
curriculum:
  - stage: learn
    episodes: {rows: 1}
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 4 steps}
training: {batch_size: 4, chunks: 1}
)yaml";
    write(table_, kRows);
    train(1);
  }

  static void write(const std::string& table, const std::string& rows) {
    write_file_durably(table, "a,b\n" + rows);
  }
  void train(int64_t last_step) const {
    train_run(directory_ / "config.yaml", run_, {}, last_step);
  }
  [[nodiscard]] Trained load(const std::vector<std::string>& set = {}) const {
    return load_trained(run_, "", at::kCPU, set);
  }
  int resume_with(const std::string& set) const {
    return resume({.run = run_, .at = {}, .set = {set}, .device = "cpu", .steps = 2, .workers = 1});
  }

  static constexpr const char* kRows = "1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\n9,x\n10,y\n";
  const testing_support::TemporaryDirectory directory_;
  const std::string table_ = directory_ / "t.csv", run_ = directory_ / "run";
  const std::string moved_ = directory_ / "moved.csv", by_moved_ = "world.file=" + moved_;
};

auto says_that_its_data_has_changed() {
  return testing::ThrowsMessage<Error>(
      HasSubstr("its data has changed since it was trained, and is now"));
}

TEST_F(DataChangeTest, ARunDoesNotGoOnWithOtherDataThanItWasTrainedOn) {
  write(table_, concat("0,w\n", kRows));
  EXPECT_THAT([&] { train(2); }, says_that_its_data_has_changed());
  EXPECT_THAT([&] { (void)load(); }, says_that_its_data_has_changed());
  write(table_, kRows);
  train(2);
}

TEST_F(DataChangeTest, ARunFollowsItsTableToAnotherPlace) {
  std::filesystem::rename(table_, moved_);
  EXPECT_THAT([&] { (void)load(); },
              testing::ThrowsMessage<Error>(HasSubstr("say where it is with --set world.file=")));
  EXPECT_EQ(load({by_moved_}).state.step, 1);
  EXPECT_EQ(fork({.run = run_, .at = {}, .to = directory_ / "new", .set = {by_moved_}}), 0);
  EXPECT_THAT(read_file(directory_ / "new/config.yaml"), HasSubstr("file: " + moved_));
  EXPECT_EQ(resume_with(by_moved_), 0);
  EXPECT_EQ(load().state.step, 2) << "its config says where it is";
}

TEST_F(DataChangeTest, AnotherTableIsNoOtherPlace) {
  write(moved_, concat("0,w\n", kRows));
  EXPECT_THAT([&] { (void)load({by_moved_}); }, says_that_its_data_has_changed());
  EXPECT_THAT([&] { resume_with(by_moved_); }, says_that_its_data_has_changed());
  EXPECT_THAT([&] { fork({.run = run_, .at = {}, .to = directory_ / "new", .set = {by_moved_}}); },
              says_that_its_data_has_changed());
}

TEST_F(DataChangeTest, AQuestionIsOfTheBrainAndWorldThatTheRunHas) {
  EXPECT_EQ(load({"evals={fit: {type: nll, regime: rows, rows: 8}}"}).config.evals.size(), 1);
  EXPECT_THAT(
      [&] {
        (void)load({"seed=1", "world.split_seed=1", "optimizer.beta2=0.5"});
      },
      testing::ThrowsMessage<Error>(
          run_ + ": --set makes another brain or world: seed, world.split_seed"));
}

}  // namespace
}  // namespace limbic::app
