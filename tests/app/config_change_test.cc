#include "limbic/app/config_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/parts.h"
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
using testing::IsEmpty;

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
  void resume_with(const std::string& set) const {
    resume({.run = directory_ / "run",
            .at = {},
            .set = {set},
            .device = "cpu",
            .steps = {},
            .workers = {}});
  }
  [[nodiscard]] std::string written(const std::string& file) const {
    return read_file(directory_ / ("run/" + file));
  }
  // As one that is killed before its first step.
  void open(const std::string& change) const { const training::Trainer trainer(parts({change})); }

  void expect_run_and_checkpoint_say(const std::string& line) const {
    const training::CheckpointStore store(directory_ / "run/checkpoints");
    const std::string config = read_file(directory_ / "run/config.yaml");
    EXPECT_THAT(config, HasSubstr(line));
    EXPECT_EQ(store.load(store.list().back()).config_yaml, config);
  }

  const testing_support::TemporaryDirectory directory_;
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

// An untaught assessor's AUROC stays as it is, so this is over at its third evaluation, at step 6.
constexpr const char* kPlateau =
    "curriculum=[{stage: see, episodes: {book: 1}, train: [cortex], losses: {predict: {type: "
    "any_subset, trains: [cortex]}}, until: {plateau: eval/word.auroc, patience: 2 evals}}]";

TEST_F(ConfigChangeTest, OpensAFinishedRunAgainOnlyIfConditionsMayMeanSomethingElse) {
  train({}, {kPlateau});
  const std::string decisions = written("decisions.jsonl");
  resume_with("checkpoints.keep_last=5");
  EXPECT_EQ(written("decisions.jsonl"), decisions);
  resume_with("evals.word.rows=32");
  EXPECT_NE(written("decisions.jsonl"), decisions);
}

TEST_F(ConfigChangeTest, ThatConditionsDoNotMeetLeavesARunAsItWouldHaveBeenBitForBit) {
  const auto all = [&] {
    return std::vector{written("metrics.jsonl"), written("decisions.jsonl"),
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

// ---- what may change

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
  EXPECT_THAT(change.keys, ElementsAre("world", "evals"));
  EXPECT_THAT(change.fixed, ElementsAre("world"));
}

std::vector<std::string> fixed_in(const std::string& was, const std::string& is) {
  return compare_configs(config::parse_yaml(was, "was"), config::parse_yaml(is, "is"), 0).fixed;
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
