#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr const char* kBrain = R"yaml(
  delimiter: ";"
  missing: ["-"]
  columns:
    size: {transform: quantile}
    income: {transform: asinh}
    age: {low: 0, high: 100}
    pain: {access: primitive}
    note: {kind: skip}
seed: 3
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2}
steering:
  variables: {fear: {truth: pain > 0.5}}
amygdala: {type: linear}
curriculum:
  - stage: all
    train: [cortex, amygdala]
    losses:
      predict: {type: any_subset, trains: [cortex]}
      assess: {type: assess, trains: [amygdala]}
    until: {after: 3 steps}
optimizer: {learning_rate: 0.1}
training: {batch_size: 8, chunks: 1}
)yaml";

constexpr const char* kRows =
    "1.5;-20;31;cat;0;a\n2.5;1e4;-;dog;1;b\n1;15;7;cat;0;c\n3;30;64;dog;1;d\n2;-;12;dog;1;e\n"
    "1.25;8;99;cat;0;f\n2.25;500;45;-;1;g\n0.9;3;3;cat;0;h\n4;17;50;dog;1;i\n6;-2;28;cat;1;j\n";

/// Asks a brain that has hardly learned a table, of every kind of column.
class AskWithoutDataTest : public testing::Test {
 protected:
  AskWithoutDataTest() {
    log::set_level(log::Level::kQuiet);
    write(kRows);
    const std::string world = "world:\n  type: table\n  file: " + table_;
    train_run(directory_.write("config.yaml", world + kBrain), run_);
  }

  void write(const std::string& rows) const {
    (void)directory_.write("table.csv", "size;income;age;kind:category;pain;note\n" + rows);
  }
  [[nodiscard]] InferOptions question(const std::vector<std::string>& set = {}) const {
    return {.run = run_,
            .given = {"kind=dog"},
            .ask = {"size", "income"},
            .quantiles = {0.1},
            .where = {"age > 20"},
            .set = set,
            .device = "cpu"};
  }
  /// All that the commands say which draw no episode.
  [[nodiscard]] std::string answers(const std::string& run,
                                    const std::vector<std::string>& set = {}) const {
    InferOptions one = question(set);
    one.run = run;
    const InferOptions all{.run = run, .rows = rows_, .set = set, .device = "cpu"};
    const ScoreOptions scored{.run = run, .rows = rows_, .set = set, .device = "cpu"};
    const DecideOptions decided{
        .run = run, .choose = {"kind"}, .outcome = "-assess.fear", .set = set, .device = "cpu"};
    return answer([&] { return infer(one); }) + answer([&] { return infer(all); }) +
           answer([&] { return score(scored); }) + answer([&] { return decide(decided); });
  }

  const testing_support::TemporaryDirectory directory_;
  const std::string run_ = directory_ / "run", table_ = directory_ / "table.csv";
  const std::string by_table_ = "world.file=" + table_;  // by which the world is made of it
  const std::string rows_ =
      directory_.write("rows.csv", "size;income;age;kind;note\n2;-;40;cat;x\n;7;;dog;y\n");
};

TEST_F(AskWithoutDataTest, ABrainAnswersAsItDoesWithItsTableToTheLastBit) {
  const std::string with_table = answers(run_, {by_table_});
  EXPECT_EQ(answers(run_), with_table);
  std::filesystem::remove(table_);
  EXPECT_EQ(answers(run_), with_table);
  EXPECT_THAT([&] { (void)infer(question({by_table_})); },
              ThrowsMessage<Error>(HasSubstr("cannot read " + table_)));
}

TEST_F(AskWithoutDataTest, AForkAnswersToo) {
  const std::string before = answers(run_), fork_of_it = directory_ / "fork";
  EXPECT_EQ(fork({.run = run_, .at = {}, .to = fork_of_it, .set = {}}), 0);
  std::filesystem::remove(table_);
  EXPECT_EQ(answers(fork_of_it), before);
}

TEST_F(AskWithoutDataTest, AnotherTableMattersToThoseWhoGiveIt) {
  const std::string before = answers(run_);
  write(std::string(kRows) + "100;100;100;cow;1;k\n");
  EXPECT_EQ(answers(run_), before);
  EXPECT_THAT([&] { (void)infer(question({by_table_})); },
              ThrowsMessage<Error>(HasSubstr("its data has changed since it was trained")));
}

TEST_F(AskWithoutDataTest, ACheckpointOfAnEarlierLimbicWantsItsTable) {
  const std::string before = answers(run_);
  training::CheckpointStore store = require_checkpoints(run_);
  training::Snapshot snapshot = store.load_newest();
  snapshot.world_json.clear();
  store.save(snapshot);
  EXPECT_EQ(answers(run_), before);
  std::filesystem::remove(table_);
  EXPECT_THAT([&] { (void)infer(question()); },
              ThrowsMessage<Error>(HasSubstr("say where it is with --set world.file=")));
}

TEST_F(AskWithoutDataTest, WhatDrawsEpisodesWantsItsTable) {
  std::filesystem::remove(table_);
  EXPECT_NO_THROW((void)load_trained(run_, "", at::kCPU, {}, WorldFrom::kCheckpoint));
  EXPECT_THAT([&] { (void)load_trained(run_, "", at::kCPU); },
              ThrowsMessage<Error>(HasSubstr("cannot read " + table_)));
}

}  // namespace
}  // namespace limbic::app
