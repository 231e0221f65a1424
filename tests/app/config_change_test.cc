#include "limbic/app/config_change.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <optional>
#include <string>
#include <vector>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/config_file.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"
#include "small_run.h"

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
    curriculum::State state;
    state.visits = visits;
    return compare_configs(was, "was", kOneStep, state).stages;
  };
  EXPECT_EQ(stages({1, 0}), "");
  EXPECT_EQ(stages({2, 1}), "has begun stage 'more', in whose place this config has none");
}

TEST(DataChangeTest, ARunDoesNotGoOnWithOtherDataThanItWasTrainedOn) {
  const training::TemporaryDirectory directory;
  const std::string table = directory / "t.csv", run = directory / "run";
  std::ofstream(directory / "config.yaml") << "world: {type: table, file: " << table << R"yaml(}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2}
curriculum:
  - stage: learn
    episodes: {rows: 1}
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 4 steps}
training: {batch_size: 4, chunks: 1}
)yaml";
  const auto write = [&](const std::string& rows) { write_file_durably(table, "a,b\n" + rows); };
  const auto train = [&](int64_t last_step) {
    training::Trainer(build_parts(read_config(directory / "config.yaml", {}), run, at::kCPU))
        .run(last_step);
  };
  const std::string rows = "1,x\n2,y\n3,x\n4,y\n5,x\n6,y\n7,x\n8,y\n9,x\n10,y\n";
  write(rows);
  train(1);
  write("0,w\n" + rows);
  const auto changed = testing::ThrowsMessage<Error>(
      HasSubstr("its data has changed since it was trained, and is now"));
  EXPECT_THAT([&] { train(2); }, changed);
  EXPECT_THAT([&] { (void)load_trained(run, "", at::kCPU); }, changed);
  write(rows);
  train(2);
}

}  // namespace
}  // namespace limbic::app
