#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "../training/temporary_directory.h"
#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/trainer.h"

namespace limbic::app {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

constexpr const char* kConfig = R"yaml(
seed: 3
world: {type: luck}
cortex: {type: transformer, width: 16, blocks: 1, heads: 2}
curriculum:
  - stage: fit
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 1 step}
training: {batch_size: 8, chunks: 1}
)yaml";

/// Asks a brain that has hardly learned what it would choose; by its own expectations all the same.
class DecideTest : public testing::Test {
 protected:
  DecideTest() {
    log::set_level(log::Level::kQuiet);
    const std::string config = directory_ / "config.yaml";
    std::ofstream(config) << kConfig;
    training::Trainer(build_parts(read_config(config, {}), directory_ / "run", at::kCPU)).run();
  }

  DecideOptions options() {
    return {.run = directory_ / "run", .choose = {"arm"}, .outcome = "outcome", .device = "cpu"};
  }
  nlohmann::json answer(DecideOptions options) {
    options.json = true;
    testing::internal::CaptureStdout();
    EXPECT_EQ(decide(options), 0);
    return nlohmann::json::parse(testing::internal::GetCapturedStdout());
  }
  // Sum of p(outcome | arm) times its number, by the trained brain.
  double expected(int64_t arm) {
    const Trained trained = load_trained(directory_ / "run", "", at::kCPU);
    const worlds::Schema& schema = trained.subject.world->schema();
    worlds::Episodes episodes = worlds::empty_episodes(schema, 1);
    episodes.value[schema.require("arm")].fill_(arm);
    const int64_t outcome = schema.require("outcome");
    const worlds::Roles roles{at::zeros_like(episodes.present_BTV),
                              at::zeros_like(episodes.present_BTV)};
    roles.observed_BTV.select(2, schema.offset(schema.require("arm"))).fill_(true);
    roles.asked_BTV.select(2, schema.offset(outcome)).fill_(true);
    const at::Tensor p =
        brain::mean(trained.brain().cortex().marginals(episodes, roles)[outcome]).flatten();
    double sum = 0;
    for (int64_t i = 0; i < p.numel(); ++i)
      sum += std::stod(schema[outcome].names[i]) * p[i].item<double>();
    return sum;
  }

  training::TemporaryDirectory directory_;
};

TEST_F(DecideTest, ChoosesTheArmOfWhichItExpectsMost) {
  const nlohmann::json found = answer(options());
  ASSERT_EQ(found["candidates"].size(), 2);
  const bool first_is_sure = found["candidates"][0]["choice"]["arm"] == "sure";
  const double sure = expected(0), coin = expected(1);
  EXPECT_EQ(first_is_sure, sure > coin);
  EXPECT_EQ(found["chosen"], found["candidates"][0]["choice"]);
  EXPECT_NEAR(found["expected"].get<double>(), std::max(sure, coin), 1e-5);
  EXPECT_NEAR(found["candidates"][1]["expected"].get<double>(), std::min(sure, coin), 1e-5);
  EXPECT_EQ(found["candidates"][0]["probability"], 1.0);
}

TEST_F(DecideTest, EveryRowOfAFileIsDecided) {
  std::ofstream(directory_ / "rows.csv") << "outcome\n\n\n\n";
  DecideOptions asked = options();
  asked.rows = directory_ / "rows.csv";
  asked.out = directory_ / "decided.csv";
  EXPECT_EQ(decide(asked), 0);
  const std::string arm = answer(options())["chosen"]["arm"];
  const std::string text = read_file(asked.out);
  const std::string line = arm + ",,";
  EXPECT_THAT(text, testing::StartsWith("arm,outcome,expected\n" + line));
  EXPECT_EQ(std::ranges::count(text, '\n'), 4);
}

TEST_F(DecideTest, WhatIsWrittenForPeopleNamesTheChoiceFirst) {
  const std::string arm = answer(options())["chosen"]["arm"];
  testing::internal::CaptureStdout();
  EXPECT_EQ(decide(options()), 0);
  EXPECT_THAT(testing::internal::GetCapturedStdout(),
              testing::StartsWith("arm=" + arm + "\n  expected    chance\n"));
}

TEST_F(DecideTest, AnOutcomeThatIsGivenIsRefused) {
  DecideOptions asked = options();
  asked.given = {{"outcome", "3"}};
  EXPECT_THAT([&] { (void)decide(asked); },
              ThrowsMessage<Error>(StrEq("'outcome' is both given and the outcome")));
}

}  // namespace
}  // namespace limbic::app
