#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>
#include <string>
#include <vector>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "small_run.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using nlohmann::json;

json schema() {
  CheckOptions options;
  options.schema = true;
  return json::parse(answer([&] { return check(options); }));
}

TEST(CheckTest, ByTheSchemaAFileWithABaseNeedsNothingElseAndNoTypeOfAPart) {
  const json root = schema();
  ASSERT_EQ(root["anyOf"].size(), 2);
  const json &alone = root["anyOf"][0], &over = root["anyOf"][1];
  EXPECT_EQ(alone["required"], json::array({"world", "cortex", "curriculum"}));
  EXPECT_FALSE(alone["properties"].contains("base"));
  EXPECT_EQ(alone["properties"]["world"]["oneOf"][0]["required"][0], "type");
  EXPECT_EQ(over["required"], json::array({"base"}));
  EXPECT_EQ(over["properties"]["base"]["type"], "string");
  EXPECT_EQ(over["properties"]["world"]["anyOf"].size(),
            alone["properties"]["world"]["oneOf"].size());
  EXPECT_THAT(over["properties"].dump(), testing::Not(testing::HasSubstr("\"required\"")));
}

TEST(CheckTest, ByTheSchemaAStageThatInheritsNeedsNothingElse) {
  const json stages = schema()["anyOf"][0]["properties"]["curriculum"]["items"]["anyOf"];
  ASSERT_EQ(stages.size(), 2);
  const json& losses = stages[0]["properties"]["losses"]["additionalProperties"];
  EXPECT_EQ(losses["oneOf"][0]["required"], json::array({"type", "trains"}));
  EXPECT_EQ(stages[1]["required"], json::array({"inherit"}));
  EXPECT_TRUE(stages[1]["properties"]["losses"]["additionalProperties"].contains("anyOf"));
  EXPECT_THAT(stages[1]["properties"].dump(), testing::Not(testing::HasSubstr("\"required\"")));
}

TEST(CheckTest, ShowsWhatSteeringCompilesTo) {
  const testing_support::TemporaryDirectory directory;
  CheckOptions options;
  options.config = directory / "config.yaml";
  options.steering = true;
  std::ofstream(options.config) << kSmallRun;
  EXPECT_THAT(answer([&] { return check(options); }),
              testing::AllOf(testing::StartsWith("%0 = load(retina)\n"
                                                 "%1 = subtract(1, %0)\n"
                                                 "%2 = mean_of_cells(%1)\n"),
                             testing::HasSubstr("\nflinch.override = %"),
                             testing::Not(testing::HasSubstr("ok; "))));
}

class PlanTest : public testing::Test {
 protected:
  PlanTest() { std::ofstream(config_) << kOneStep; }

  [[nodiscard]] std::string planned(PlanOptions options = {}) const {
    options.config = config_;
    return answer([&] { return plan(options); });
  }
  [[nodiscard]] json planned_as_json(const std::vector<std::string>& set = {}) const {
    PlanOptions options;
    options.set = set;
    options.json = true;
    return json::parse(planned(options));
  }

  const testing_support::TemporaryDirectory directory_;
  const std::string config_ = directory_ / "config.yaml";
};

TEST_F(PlanTest, TellsWhatAnEpisodeHolds) {
  EXPECT_THAT(planned(), testing::StartsWith("regimes     rows\nvariables\n"
                                             "  theta            scalar, 2 cells; cortex\n"
                                             "  x                scalar, 2 cells; cortex\n"));
  EXPECT_EQ(planned_as_json()["variables"][0],
            json::parse(R"({"name": "theta", "modality": "theta", "kind": "scalar", "size": 1,
                                   "cells": 2, "ticks": 1, "access": "cortex"})"));
}

TEST_F(PlanTest, CountsValuesMomentsAnAverageAndAGradientAChunk) {
  const auto floats_a_parameter = [&](const std::vector<std::string>& set) {
    const json out = planned_as_json(set);
    return out["megabytes"].get<double>() * 1e6 / 4 / out["parameters"].get<double>();
  };
  EXPECT_DOUBLE_EQ(floats_a_parameter({}), 4);
  EXPECT_DOUBLE_EQ(floats_a_parameter({"training.chunks=3"}), 6);
  EXPECT_DOUBLE_EQ(floats_a_parameter({"optimizer.ema_decay=0.9"}), 5);
}

TEST_F(PlanTest, TellsOfSmallNumbersTheirFirstDigits) {
  PlanOptions options;
  options.time = true;
  const std::string text = planned(options);
  const std::regex form("moments: ([0-9.]+) MB[\\s\\S]*  ([0-9.]+) ms a step, ([0-9.]+) s at most");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, form)) << text;
  const double megabytes = planned_as_json()["megabytes"].get<double>();
  EXPECT_NEAR(std::stod(found[1]), megabytes, 0.01 * megabytes);
  const double seconds = std::stod(found[2]) / 1000;  // of one step, and it takes one
  EXPECT_GT(seconds, 0);
  EXPECT_NEAR(std::stod(found[3]), seconds, 0.02 * seconds);
}

}  // namespace
}  // namespace limbic::app
