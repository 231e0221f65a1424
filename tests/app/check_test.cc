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

TEST(CheckTest, ByTheSchemaAnAmygdalaIsNotNull) {
  EXPECT_TRUE(schema()["anyOf"][0]["properties"]["amygdala"].contains("oneOf"));
}

TEST(CheckTest, TheSchemaIsOfTheFilesKind) {
  const testing_support::TemporaryDirectory directory;
  const auto schema_of = [&](const std::string& text) {
    CheckOptions options;
    options.schema = true;
    options.config = directory.write("file.yaml", text);
    return json::parse(answer([&] { return check(options); }));
  };
  EXPECT_EQ(schema_of("{world: {type: tree}}"), schema());
  const json brain = schema_of("{subjects: {count: 1}}")["anyOf"];
  EXPECT_EQ(brain[0]["required"], json::array({"cortex", "steering", "amygdala"}));
  EXPECT_EQ(brain[1]["required"], json::array({"base"}));
  const json protocol = schema_of("{measures: {}}");
  EXPECT_EQ(protocol["title"], "protocol of limbic condition");
  EXPECT_EQ(protocol["required"][0], "phenomenon");
  EXPECT_TRUE(protocol["properties"]["schedule"]["properties"].contains("cues"));
  EXPECT_TRUE(schema_of("{cues: [A]}")["properties"].contains("phases"));
  EXPECT_EQ(schema_of("{drift: {set: {}}}")["additionalProperties"]["required"],
            json::array({"set"}));
}

TEST(CheckTest, TheReferenceTellsWhatDocumentsShareOnce) {
  CheckOptions options;
  options.markdown = true;
  const std::string text = answer([&] { return check(options); });
  for (const auto* shared : {"## `steering`\n\nKeys as of `steering` in limbic configs.\n",
                             "## `schedule`\n\nKeys as of `world.schedule` in limbic configs.\n"})
    EXPECT_THAT(text, testing::HasSubstr(shared));
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

TEST_F(PlanTest, NamesTheParametersOfEachCircuitWithTheirShapes) {
  PlanOptions options;
  options.config = directory_.write("spider.yaml", kSmallRun);
  EXPECT_THAT(
      answer([&] { return plan(options); }),
      testing::ContainsRegex("\nparameters of amygdala\n  amygdala[.]flinch[.][^\n]* [0-9x]+\n"));
  options.json = true;
  const json out = json::parse(answer([&] { return plan(options); }));
  int64_t parameters = 0;
  for (const char* circuit : {"cortex", "amygdala"}) {
    for (const auto& [name, shape] : out["circuits"][circuit].items()) {
      EXPECT_THAT(name, testing::StartsWith(circuit));
      int64_t size = 1;
      for (const auto& along : shape) size *= along.get<int64_t>();
      parameters += size;
    }
  }
  EXPECT_EQ(out["parameters"], parameters);
}

TEST_F(PlanTest, TellsOfALossItsWeightAndWhatItTrainsAndWhere) {
  PlanOptions options;
  options.set = {"curriculum.fit.losses.predict.weight={linear: {from: 1, to: 0.5, over: 2 steps}}",
                 "curriculum.fit.losses.predict.trains=[cortex*0.1]",
                 "curriculum.fit.losses.predict.regimes=[rows]"};
  EXPECT_THAT(planned(),
              testing::HasSubstr("\n  loss predict (any_subset; weight 1; trains cortex)\n"));
  EXPECT_THAT(planned(options),
              testing::ContainsRegex("\n  loss predict \\(any_subset; weight \\{linear: .*; trains "
                                     "cortex \\* 0[.]1; in rows\\)\n"));
}

TEST_F(PlanTest, TellsHowManyRowsComeAgain) {
  PlanOptions options;
  options.set = {"world.budget=9"};
  EXPECT_THAT(planned(options), testing::StartsWith("regimes     rows (train 9 rows)\n"));
  EXPECT_EQ(planned_as_json(options.set)["distinct_rows"],
            json::parse(R"({"rows": {"train": 9}})"));
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
  options.set = {"evals={fit: {type: nll, regime: rows, rows: 4}}"};
  const std::string text = planned(options);
  const std::regex form("moments: ([0-9.]+) MB[\\s\\S]*  ([0-9.]+) ms a step, ([0-9.]+) s at most");
  std::smatch found;
  ASSERT_TRUE(std::regex_search(text, found, form)) << text;
  const double megabytes = planned_as_json()["megabytes"].get<double>();
  EXPECT_NEAR(std::stod(found[1]), megabytes, 0.01 * megabytes);
  const double seconds = std::stod(found[2]) / 1000;  // of one step, and it takes one
  EXPECT_GT(seconds, 0);
  EXPECT_NEAR(std::stod(found[3]), seconds, 0.02 * seconds);
  EXPECT_LT(text.find("\neval fit "), text.find("\nmemory at its peak "));
}

}  // namespace
}  // namespace limbic::app
