#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>
#include <variant>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/inference/imagine.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;

constexpr const char* kConfig = R"yaml(
seed: 3
cortex: {type: transformer, width: 16, blocks: 1, heads: 2, scalar_mixture: 2}
curriculum:
  - stage: fit
    train: [cortex]
    losses: {predict: {type: any_subset, trains: [cortex]}}
    until: {after: 3 steps}
optimizer: {learning_rate: 0.1}
training: {batch_size: 8, chunks: 1}
)yaml";

/// Asks a brain that has hardly learned which arm it would choose in which place: by its own
/// expectations all the same.
class DecideTest : public testing::Test {
 protected:
  DecideTest() {
    log::set_level(log::Level::kQuiet);
    const std::string config = directory_ / "config.yaml", table = directory_ / "table.csv";
    std::ofstream(table) << "place:category,arm:category,yield:scalar\n"
                            "red,left,1\nred,right,-2\nblue,left,-1\nblue,right,4\n"
                            "red,left,2\nred,right,-1\nblue,left,-3\nblue,right,3\n";
    std::ofstream(config) << "world: {type: table, file: " << table << ", validation: 0, test: 0}"
                          << kConfig;
    train_run(config, directory_ / "run");
  }

  DecideOptions options() {
    return {.run = directory_ / "run", .choose = {"arm"}, .outcome = "yield", .device = "cpu"};
  }
  nlohmann::json answer(DecideOptions options) {
    options.json = true;
    return nlohmann::json::parse(app::answer([&] { return decide(options); }));
  }
  // What the trained brain expects an arm to yield in a place.
  brain::GaussianMixture yield_of(const std::string& place, const std::string& arm) {
    const Trained trained = load_trained(directory_ / "run", "", at::kCPU);
    const worlds::Schema& schema = trained.setup.world->schema();
    const worlds::Episodes told = inference::told(schema, {{"place", place}, {"arm", arm}});
    const int64_t yield = schema.require("yield");
    at::Tensor asked_BTV = at::zeros_like(told.present_BTV);
    asked_BTV.select(2, schema.offset(yield)).fill_(true);
    const brain::Marginals found =
        trained.brain().cortex().marginals(told, {told.present_BTV, asked_BTV});
    return std::get<brain::GaussianMixture>(found[yield]);
  }
  double expected(const std::string& place, const std::string& arm) {
    return brain::mean(yield_of(place, arm)).item<double>();
  }
  double deviation(const std::string& place, const std::string& arm) {
    const brain::GaussianMixture mixture = yield_of(place, arm);
    const at::Tensor share = mixture.logits.softmax(-1), mean = mixture.mean.squeeze(-1);
    const at::Tensor square = component_deviation(mixture).square() + mean.square();
    const auto total = (share * mean).sum().item<double>();
    return std::sqrt((share * square).sum().item<double>() - total * total);
  }
  std::pair<std::string, double> best(const std::string& place) {
    const double left = expected(place, "left"), right = expected(place, "right");
    return left > right ? std::pair{"left", left} : std::pair{"right", right};
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(DecideTest, ChoosesTheArmOfWhichItExpectsMost) {
  for (const std::string place : {"red", "blue"}) {
    DecideOptions asked = options();
    asked.given = {"place=" + place};
    const nlohmann::json found = answer(asked);
    const auto [arm, value] = best(place);
    ASSERT_EQ(found["candidates"].size(), 2);
    EXPECT_EQ(found["chosen"]["arm"], arm);
    EXPECT_EQ(found["chosen"], found["candidates"][0]["choice"]);
    EXPECT_NEAR(found["expected"].get<double>(), value, 1e-5);
    EXPECT_LT(found["candidates"][1]["expected"], found["expected"]);
    EXPECT_EQ(found["candidates"][0]["probability"], 1.0);
  }
}

TEST_F(DecideTest, EveryRowOfAFileIsDecidedInItsOwnSituation) {
  std::ofstream(directory_ / "rows.csv") << "place\nred\nblue\nred\n";
  DecideOptions asked = options();
  asked.rows = directory_ / "rows.csv";
  asked.out = directory_ / "decided.csv";
  EXPECT_EQ(decide(asked), 0);
  std::istringstream lines(read_file(asked.out));
  std::string line;
  std::getline(lines, line);
  EXPECT_EQ(line, "place,arm,expected");
  for (const std::string place : {"red", "blue", "red"}) {
    const auto [arm, value] = best(place);
    ASSERT_TRUE(std::getline(lines, line));
    const size_t comma = line.rfind(',');
    EXPECT_EQ(line.substr(0, comma), place + "," + arm);
    EXPECT_NEAR(std::stod(line.substr(comma + 1)), value, 1e-5);
  }
  EXPECT_FALSE(std::getline(lines, line));
}

TEST_F(DecideTest, AnExpressionIsAveragedOverWhatIsImagined) {
  DecideOptions asked = options();
  asked.given = {"place=blue"};
  asked.outcome = "2 * yield + 1";
  asked.rollouts = 10'000;
  const nlohmann::json found = answer(asked);
  double farthest = 0;  // of the means from 0, in tolerances
  for (const auto& candidate : found["candidates"]) {
    const std::string arm = candidate["choice"]["arm"];
    const double mean = expected("blue", arm);
    const double standard_error = 2 * deviation("blue", arm) / std::sqrt(asked.rollouts);
    const double tolerance = 4 * standard_error;
    EXPECT_NEAR(candidate["expected"].get<double>(), 2 * mean + 1, tolerance);
    farthest = std::max(farthest, std::abs(mean) / tolerance);
  }
  EXPECT_GT(farthest, 2) << "or what the yield is multiplied by would not show";
}

TEST_F(DecideTest, WhatIsWrittenForPeopleNamesTheChoiceFirst) {
  const std::string arm = answer(options())["chosen"]["arm"];
  EXPECT_THAT(app::answer([&] { return decide(options()); }),
              testing::StartsWith("arm=" + arm + "\n  expected      chance\n"));
}

TEST_F(DecideTest, AVariableThatIsCalledAsWhatIsWrittenBesideItIsRefused) {
  const std::string table = directory_.write(
      "other.csv", "arm:category,expected:scalar\nleft,1\nright,-2\nleft,2\nright,-1\n");
  const std::string world = "world={type: table, file: " + table + ", validation: 0, test: 0}";
  train_run(directory_ / "config.yaml", directory_ / "other", {world});
  DecideOptions asked{.run = directory_ / "other",
                      .rows = directory_.write("rows.csv", "arm,expected\n,\n"),
                      .choose = {"arm"},
                      .outcome = "expected",
                      .device = "cpu"};
  EXPECT_THAT(
      [&] { (void)decide(asked); },
      ThrowsMessage<Error>(StrEq("two columns of what is written would be called 'expected'")));
}

TEST_F(DecideTest, WhatARowSaysOfTheChoiceIsNotGiven) {
  const auto decided = [&](const std::string& rows) {
    DecideOptions asked = options();
    asked.rows = directory_.write("rows.csv", rows);
    return app::answer([&] { return decide(asked); });
  };
  EXPECT_EQ(decided("place,arm\nred,left\nred,right\nblue,\n"),
            decided("place,arm\nred,\nred,\nblue,\n"));
}

TEST_F(DecideTest, AnOutcomeThatARowSaysIsRefusedByItsNumber) {
  DecideOptions asked = options();
  asked.rows = directory_.write("rows.csv", "place,yield\nred,\nblue,3\n");
  EXPECT_THAT([&] { (void)decide(asked); },
              ThrowsMessage<Error>(StrEq("'yield' is both given and the outcome in row 1")));
}

}  // namespace
}  // namespace limbic::app
