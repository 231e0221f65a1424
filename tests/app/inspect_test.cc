#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/core/log.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/run_state.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using nlohmann::json;
using testing::HasSubstr;

TEST(InspectTest, ACheckpointOfAStageThatItsConfigLacksIsDamaged) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string run = directory / "run";
  train_run(directory.write("config.yaml", kOneStep), run);
  training::CheckpointStore store(run + "/checkpoints");
  training::Snapshot snapshot = store.load(1);
  training::RunState state = training::state_of(snapshot);
  state.curriculum.stage = 1;
  snapshot.state_json = to_json(state);
  store.save(snapshot);
  InspectOptions options;
  options.run = run;
  EXPECT_EQ(testing_support::refusal([&] { inspect(options); }, ExitCode::kDamaged),
            store.path(1) + "/state.json: stage 1 of 1");
}

TEST(InspectTest, TellsTheOptimizersStateInOneLineACircuit) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  InspectOptions options;
  options.run = directory / "run";
  train_run(directory.write("config.yaml", kOneStep), options.run);
  const std::string text = answer([&] { return inspect(options); });
  EXPECT_THAT(text, testing::ContainsRegex("\n  cortex[.]null  +16 +norm "));
  EXPECT_THAT(text, testing::Not(HasSubstr("moment1/")));
  EXPECT_THAT(text, testing::Not(HasSubstr("steps/")));
  options.json = true;
  const json tensors = json::parse(answer([&] { return inspect(options); }))["circuits"]["cortex"];
  EXPECT_TRUE(tensors.contains("moment1/cortex.null"));
  size_t weights = 0;
  for (const auto& [name, facts] : tensors.items()) weights += name.starts_with("cortex.");
  EXPECT_THAT(text, HasSubstr("\n  and " + std::to_string(tensors.size() - weights) +
                              " tensors of the optimizer, "));
}

constexpr const char* kFew = R"yaml(
cortex: {type: gaussian}
steering:
  senses: {hurt: pain > 0.5}
  variables: {fear: {truth: hurt}}
amygdala: {type: linear}
curriculum:
  - stage: fear
    train: [amygdala]
    losses: {assess: {type: assess, trains: [amygdala]}}
    until: {after: 1 step}
training: {batch_size: 4, chunks: 1}
)yaml";

TEST(InspectTest, EachTestEpisodeOfATableIsLookedAtOnce) {
  log::set_level(log::Level::kQuiet);
  const testing_support::TemporaryDirectory directory;
  const std::string table = directory.write(
      "table.csv", "size,weight,pain\n1,3,0\n2,1,1\n3,4,0\n4,1,1\n5,5,0\n6,9,1\n7,2,0\n8,6,1\n");
  const std::string world = "world: {type: table, file: " + table +
                            ", validation: 0, test: 0.25, "
                            "columns: {pain: {access: primitive}}}";
  InspectOptions options;
  options.run = directory / "run";
  options.assessor = "fear";
  options.device = "cpu";
  options.json = true;
  train_run(directory.write("config.yaml", world + kFew), options.run);
  EXPECT_EQ(json::parse(answer([&] { return inspect(options); }))["rows"], 2);
  options.episode = 2;
  EXPECT_EQ(testing_support::refusal([&] { inspect(options); }),
            "--episode: expected 0 to 1 of 2 test episodes, got 2");
}

constexpr const char* kCued = R"yaml(
world:
  type: conditioning
  schedule:
    cues: [A]
    ticks: 4
    cue_ticks: 2
    us_tick: 3
    phases: [{phase: p, trials: {A+: 1, "-": 1}, order: listed}]
cortex: {type: gaussian, ticks: alone}
steering:
  variables: {fear: {truth: outcome, lead: 1 tick}}
  drives: {harm: -1 * fear, joy: 0.5}
amygdala: {type: linear}
curriculum:
  - stage: fear
    train: [amygdala]
    losses: {assess: {type: assess, trains: [amygdala]}}
    until: {after: 4 steps}
optimizer: {learning_rate: 0.1}
training: {batch_size: 8, chunks: 1}
)yaml";

/// Looks at one who fears what comes at tick 3 of every other trial, each tick by itself: after a
/// cue at tick 2.
class InspectAssessorTest : public testing::Test {
 protected:
  InspectAssessorTest() {
    log::set_level(log::Level::kQuiet);
    options_.run = directory_ / "run";
    options_.assessor = "fear";
    options_.rows = 8;
    options_.device = "cpu";
    train_run(directory_.write("config.yaml", kCued), options_.run);
  }

  [[nodiscard]] static std::string told(const InspectOptions& options) {
    return answer([&] { return inspect(options); });
  }
  [[nodiscard]] static json found(InspectOptions options) {
    options.json = true;
    return json::parse(told(options));
  }

  testing_support::TemporaryDirectory directory_;
  InspectOptions options_;
};

TEST_F(InspectAssessorTest, LooksAtTheTickWhereItsOutputVariesMost) {
  const json there = found(options_);
  EXPECT_EQ(there["tick"], 2);
  EXPECT_GT(there["output"]["deviation"], 0.01);
  options_.tick = 1;
  const json before = found(options_);
  EXPECT_EQ(before["tick"], 1);
  EXPECT_LT(before["output"]["deviation"], 1e-6);
}

TEST_F(InspectAssessorTest, NamesFirstTheFeaturesThatItReads) {
  std::vector<std::string> read;
  const json features = found(options_)["features"];
  ASSERT_EQ(features.size(), 4);
  for (size_t i = 0; i < 2; ++i) {
    read.push_back(features[i]["name"].get<std::string>());
    EXPECT_GT(features[i]["ablation"], 0.01);
    EXPECT_LT(features[i + 2]["ablation"], 1e-6) << "of the context, which is always there";
  }
  EXPECT_THAT(read, testing::UnorderedElementsAre("A", "seen A"));
}

TEST_F(InspectAssessorTest, WhatIsNoNumberIsAWord) {
  training::CheckpointStore store(options_.run + "/checkpoints");
  training::Snapshot snapshot = store.load(4);
  for (auto& [name, value] : snapshot.circuits.at("amygdala"))
    if (value.is_floating_point()) value = at::full_like(value, NAN);
  store.save(snapshot);
  options_.tick = 2;
  const json there = found(options_);
  EXPECT_EQ(there["output"]["mean"], "NaN");
  EXPECT_EQ(there["output"]["deviation"], "NaN");
  const auto is_nan = [](const json& influence) {
    return influence["ablation"] == "NaN" && influence["gradient"] == "NaN";
  };
  const json& features = there["features"];
  EXPECT_EQ(std::count_if(features.begin(), features.end(), is_nan), 2) << "those that vary";
  EXPECT_THAT(told(options_), HasSubstr("         nan         nan\n"));
  options_.assessor = std::nullopt;
  const json tensors = found(options_)["circuits"]["amygdala"];
  int64_t num_weights = 0;
  for (const auto& [name, tensor] : tensors.items()) {
    if (!name.starts_with("amygdala.")) continue;
    EXPECT_EQ(tensor["norm"], "NaN") << name;
    ++num_weights;
  }
  EXPECT_GT(num_weights, 0);
}

TEST_F(InspectAssessorTest, SplitsTheRewardOfEachTickByDrive) {
  for (const int64_t episode : {0, 1}) {
    options_.episode = episode;
    const json trace = found(options_)["trace"];
    EXPECT_EQ(trace["episode"], episode);
    EXPECT_EQ(trace["cells"]["A@2"], episode == 0 ? "1" : "0");
    EXPECT_EQ(trace["cells"]["outcome@3"], episode == 0 ? "1" : "0");
    ASSERT_EQ(trace["ticks"].size(), 5);
    for (size_t t = 0; t < 5; ++t) {
      const double pain = episode == 0 && t == 3 ? 1 : 0;
      const json& tick = trace["ticks"][t];
      EXPECT_EQ(tick["realised"], pain) << t;
      EXPECT_EQ(tick["rewards"].size(), 2) << t;
      EXPECT_EQ(tick["rewards"]["harm"], -pain) << t;
      EXPECT_EQ(tick["rewards"]["joy"], 0.5) << t;
      EXPECT_EQ(tick["total"], 0.5 - pain) << t;
    }
    EXPECT_EQ(trace["rewards"]["harm"], episode == 0 ? -1.0 : 0.0);
    EXPECT_EQ(trace["rewards"]["joy"], 2.5);
    EXPECT_EQ(trace["total"], episode == 0 ? 1.5 : 2.5);
  }
}

TEST_F(InspectAssessorTest, PrintsTablesForPeople) {
  options_.episode = 0;
  const std::string text = told(options_);
  EXPECT_THAT(text, HasSubstr("run  step 4, assessor fear at tick 2 of 8 test episodes of p; its "
                              "raw output is "));
  EXPECT_THAT(text, HasSubstr("\nfeatures of the thought     ablation    gradient   "));
  EXPECT_THAT(text, HasSubstr("\ninputs of the cortex        ablation    gradient   "));
  EXPECT_THAT(text, testing::ContainsRegex("\nepisode 0: [^\n]*A@1=0, A@2=1, [^\n]*\n"));
  EXPECT_THAT(text,
              HasSubstr("\n   tick   thought      mean deviation     truth override      gate  "
                        "realised      harm       joy     total\n"));
  EXPECT_THAT(text, HasSubstr("    1.0000   -1.0000    0.5000   -0.5000\n")) << "tick 3";
  EXPECT_THAT(text,
              HasSubstr("   -1.0000    2.5000    1.5000\n  thought: the norm of the cortex's; "))
      << "the episode";
}

}  // namespace
}  // namespace limbic::app
