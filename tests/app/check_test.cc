#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "../training/temporary_directory.h"
#include "limbic/app/commands.h"
#include "small_run.h"

namespace limbic::app {
namespace {

using nlohmann::json;

TEST(CheckTest, ByTheSchemaAFileWithABaseNeedsNothingElseAndNoTypeOfAPart) {
  CheckOptions options;
  options.schema = true;
  testing::internal::CaptureStdout();
  EXPECT_EQ(check(options), 0);
  const json root = json::parse(testing::internal::GetCapturedStdout());
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

TEST(PlanTest, TellsWhatAnEpisodeHolds) {
  const training::TemporaryDirectory directory;
  PlanOptions options{.config = directory / "config.yaml"};
  std::ofstream(options.config) << kOneStep;
  const auto planned = [&] {
    testing::internal::CaptureStdout();
    EXPECT_EQ(plan(options), 0);
    return testing::internal::GetCapturedStdout();
  };
  EXPECT_THAT(planned(), testing::StartsWith("regimes     rows\nvariables\n"
                                             "  theta            scalar, 2 cells; cortex\n"
                                             "  x                scalar, 2 cells; cortex\n"));
  options.json = true;
  const json theta = json::parse(planned())["variables"][0];
  EXPECT_EQ(theta,
            json::parse(R"({"name": "theta", "modality": "theta", "kind": "scalar", "size": 1,
                                   "cells": 2, "ticks": 1, "access": "cortex"})"));
}

}  // namespace
}  // namespace limbic::app
