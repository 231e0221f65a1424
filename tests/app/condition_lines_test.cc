#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <string>

#include "../support/temporary_directory.h"
#include "limbic/app/commands.h"
#include "limbic/app/protocol.h"
#include "limbic/config/overrides.h"
#include "limbic/core/log.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::SizeIs;

const std::string kBrain = LIMBIC_SOURCE_DIR "/configs/brains/conditioning.yaml";

/// What `limbic condition` writes.
class ConditionLinesTest : public testing::Test {
 protected:
  ConditionLinesTest() { log::set_level(log::Level::kQuiet); }

  const testing_support::TemporaryDirectory directory_;
};

TEST_F(ConditionLinesTest, EachTickOfEachSubjectIsALine) {
  const std::string schedule = directory_ / "s.json", out = directory_ / "lines.jsonl";
  std::ofstream(schedule)
      << R"({"cues": ["A", "B"], "contexts": ["K"], "ticks": 5, "cue_ticks": [1, 4],
    "us_tick": 4, "groups": {"g": [{"phase": "p", "trials": {"AB+": 2}}], "h": [{"phase": "q", "trials": {"A": 1}}]}})";
  EXPECT_EQ(condition({.schedule = schedule,
                       .config = kBrain,
                       .set = {"subjects.count=2", "subjects.first=4"},
                       .out = out}),
            0);
  std::ifstream file(out);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  ASSERT_THAT(lines, SizeIs((2 + 1) * 2 * 5));
  const auto& paid = lines[9];  // trial 0 of subject 5
  EXPECT_EQ(paid["group"], "g");
  EXPECT_EQ(paid["subject"], 5);
  EXPECT_EQ(paid["phase"], "p");
  EXPECT_EQ(paid["context"], "K");
  EXPECT_EQ(paid["trial"], 0);
  EXPECT_EQ(paid["type"], "AB+");
  EXPECT_EQ(paid["tick"], 4);
  EXPECT_THAT(paid["cues"], ElementsAre("A", "B"));
  EXPECT_EQ(paid["us"], 1.0);
  EXPECT_TRUE(lines[5]["cues"].empty());
  EXPECT_EQ(lines[8]["us"], 0.0);
  for (const auto* key : {"prediction", "response", "error", "uncertainty"})
    EXPECT_TRUE(paid[key].is_number()) << key;
  EXPECT_FALSE(paid.contains("assessors")) << "there is one";
  EXPECT_FALSE(paid.contains("events")) << "there is one US";
  EXPECT_FALSE(paid.contains("responded")) << "nothing waits for it";
  EXPECT_FALSE(paid.contains("reward") || paid.contains("drives")) << "there is no drive";
  EXPECT_EQ(lines[20]["group"], "h");
}

TEST_F(ConditionLinesTest, ALineNamesEveryUsEveryAssessorAndWhetherItsSubjectActed) {
  const std::string schedule = directory_ / "s.json", out = directory_ / "lines.jsonl";
  std::ofstream(schedule)
      << R"({"cues": ["A"], "us": ["food", "shock"], "ticks": 5, "cue_ticks": [1, 4],
    "us_tick": 4, "trials": {"t": {"cues": ["A"], "us": {"food": {"when": "response"}, "shock": 2}}},
    "phases": [{"phase": "p", "trials": {"t": 3}}]})";
  const std::string variables =
      "steering.variables={fear: {truth: shock, lead: 1 tick}, joy: {truth: food, lead: 1 tick}}";
  EXPECT_EQ(
      condition({.schedule = schedule,
                 .config = kBrain,
                 .set = {"subjects.count=4", variables, "response.of=fear", "response.tick=3"},
                 .out = out}),
      0);
  std::ifstream file(out);
  int num_lines = 0;
  for (std::string text; std::getline(file, text); ++num_lines) {
    const auto line = nlohmann::json::parse(text);
    const bool at_us = line["tick"] == 4;
    EXPECT_EQ(line["events"]["shock"], at_us ? 2.0 : 0.0);
    EXPECT_EQ(line["events"]["food"], at_us && line["responded"] == true ? 1.0 : 0.0);
    EXPECT_EQ(line["assessors"]["fear"]["prediction"], line["prediction"]);
    EXPECT_TRUE(line["assessors"]["joy"]["error"].is_number());
  }
  EXPECT_EQ(num_lines, 3 * 4 * 5);
}

TEST_F(ConditionLinesTest, ALineSplitsTheRewardByDrive) {
  const std::string schedule = directory_ / "s.yaml", out = directory_ / "lines.jsonl";
  std::ofstream(schedule) << "{cues: [A], ticks: 5, cue_ticks: [1, 4], us_tick: 4, phases: "
                             "[{phase: p, trials: {A+: 1}}]}";
  condition(
      {.schedule = schedule,
       .config = kBrain,
       .set = {"subjects.count=1", "steering.variables={fear: {truth: outcome, lead: 1 tick}}",
               "steering.drives={harm: -2 * fear, joy: 0.5}"},
       .out = out});
  std::ifstream file(out);
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(file, line);) lines.push_back(nlohmann::json::parse(line));
  ASSERT_THAT(lines, SizeIs(5));
  for (size_t tick = 0; tick < 5; ++tick) {
    EXPECT_EQ(lines[tick]["reward"], tick == 4 ? -1.5 : 0.5) << tick;
    EXPECT_EQ(lines[tick]["drives"].dump(),
              tick == 4 ? R"({"harm":-2.0,"joy":0.5})" : R"({"harm":0.0,"joy":0.5})")
        << tick;
  }
}

TEST_F(ConditionLinesTest, AnAssignmentBehindScheduleChangesTheSchedule) {
  const std::string schedule = directory_ / "s.yaml", out = directory_ / "lines.jsonl";
  std::ofstream(schedule) << "{cues: [A], ticks: 5, cue_ticks: [1, 4], us_tick: 4, phases: "
                             "[{phase: p, trials: {A+: 1}}]}";
  condition({.schedule = schedule,
             .config = kBrain,
             .set = {"schedule.us_tick=3", "subjects.count=1"},
             .out = out});
  std::ifstream file(out);
  std::vector<double> us;
  for (std::string line; std::getline(file, line);)
    us.push_back(nlohmann::json::parse(line)["us"].get<double>());
  EXPECT_THAT(us, ElementsAre(0, 0, 0, 1, 0));
}

TEST_F(ConditionLinesTest, UncertaintyIsThatWhichProtocolsMeasure) {
  const std::string schedule = directory_ / "s.yaml", out = directory_ / "s.jsonl";
  const std::string trial = "{cues: [A], phases: [{phase: p, trials: {A: 1}}]}";
  std::ofstream(schedule) << trial;
  condition({.schedule = schedule, .config = kBrain, .set = {"subjects.count=1"}, .out = out});
  const std::string path = directory_ / "01_u.yaml";
  std::ofstream(path) << "{phenomenon: u, schedule: " << trial
                      << ", measures: {u: {phase: p, trials: [A], what: uncertainty, ticks: 5}}, "
                         "criterion: u > 0, contrast: u}";
  config::Node brain = config::read_yaml_file(kBrain);
  config::apply_override(brain, "subjects.count=1");
  config::Problems problems;
  const ProtocolResult result = run_protocol(read_protocol(path, brain, {}, problems));
  std::ifstream lines(out);
  std::string line;
  for (int tick = 0; tick <= 5; ++tick) std::getline(lines, line);
  EXPECT_DOUBLE_EQ(nlohmann::json::parse(line)["uncertainty"].get<double>(), result.contrast_S[0]);
}

}  // namespace
}  // namespace limbic::app
