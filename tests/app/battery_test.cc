#include "limbic/app/battery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "../support/refusal.h"
#include "../support/temporary_directory.h"
#include "train_and_ask.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;

/// Parts of a brain against a folder of rows 1, 12 and T1.
class BatteryTest : public testing::Test {
 protected:
  BatteryTest() {
    std::filesystem::create_directory(directory_ / "rows");
    for (const auto* row : {"01_a", "12_b", "T1_c"})
      std::ofstream(directory_ / "rows/" + row + ".yaml");
    std::ofstream(directory_ / "brain.yaml") << "{}\n";
  }

  /// What is said of these parts; the folder's path is left out.
  [[nodiscard]] std::string refusal(const std::string& parts) const {
    std::ofstream(directory_ / "parts.yaml") << parts;
    const ConditionOptions options{.config = directory_ / "brain.yaml",
                                   .ablate = true,
                                   .protocols = directory_ / "rows",
                                   .parts = directory_ / "parts.yaml",
                                   .only = {"01"}};
    return testing_support::refusal(directory_ / "", [&] { run_battery(options); });
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(BatteryTest, AnAblationThatTakesNothingAwayIsRefused) {
  EXPECT_EQ(refusal("drift: {needed_by: [1]}\n"), "parts.yaml:1:8: missing key 'set'");
  EXPECT_EQ(refusal("drift: {set: [a.b]}\n"), "parts.yaml:1:14: expected a map, got a list");
  EXPECT_EQ(refusal("drift: 3\n"), "parts.yaml:1:8: expected a map, got '3'");
  EXPECT_EQ(refusal(""), "parts.yaml: holds no part");
}

TEST_F(BatteryTest, AMistypedKeyOfAPartIsNamedWithItsNearest) {
  EXPECT_EQ(refusal("drift: {set: {a.b: 0}, needed: [1]}\n"),
            "parts.yaml:1:24: unknown key 'needed'; did you mean 'needed_by'?");
}

TEST_F(BatteryTest, ANeedOfWhatIsNoRowIsRefused) {
  EXPECT_EQ(refusal("drift: {set: {}, needed_by: [1, 13, T2]}\n"),
            "parts.yaml:1:33: needed_by: rows has no row '13'; known: 1, 12, T1\n"
            "parts.yaml:1:37: needed_by: rows has no row 'T2'; known: 1, 12, T1");
  EXPECT_EQ(refusal("drift: {set: {}, needed_by: [{row: 1}]}\n"),
            "parts.yaml:1:30: expected text, got a map");
  EXPECT_EQ(refusal("drift: {set: {}, needed_by: 1}\n"),
            "parts.yaml:1:29: expected a list, got '1'; write [1]");
}

/// Four rows of one phenomenon that hold, though their contrast is no number.
class ChosenRowsTest : public testing::Test {
 protected:
  ChosenRowsTest() {
    std::filesystem::create_directory(directory_ / "rows");
    for (const auto* row : {"07_latent", "12_renewal", "T5_dread", "T5_no_dread"}) {
      std::ofstream(directory_ / "rows/" + row + ".yaml")
          << "{phenomenon: calm, schedule: {cues: [A], phases: [{phase: p, trials: {A: 2}}]}, "
             "measures: {V: {phase: p, trials: [A]}}, criterion: last(V) < 9, "
             "contrast: 'at(V, first(V, 9))'}";
    }
    std::ofstream(directory_ / "brain.yaml")
        << "{cortex: {type: gaussian, ticks: alone}, amygdala: {type: kalman}, subjects: {count: "
           "1}, steering: {variables: {harm: {truth: outcome, lead: 1 tick}}}}";
  }

  [[nodiscard]] ConditionOptions options(const std::vector<std::string>& only) const {
    return {.config = directory_ / "brain.yaml", .protocols = directory_ / "rows", .only = only};
  }
  [[nodiscard]] std::string printed(const std::vector<std::string>& only) const {
    return answer([&] { return run_battery(options(only)); });
  }
  [[nodiscard]] nlohmann::json run(const std::vector<std::string>& only) const {
    ConditionOptions as_json = options(only);
    as_json.json = true;
    return nlohmann::json::parse(answer([&] { return run_battery(as_json); }));
  }
  [[nodiscard]] std::vector<std::string> rows(const std::vector<std::string>& only) const {
    std::vector<std::string> names;
    for (const auto& found : run(only)) names.push_back(found["row"].get<std::string>());
    return names;
  }

  testing_support::TemporaryDirectory directory_;
};

TEST_F(ChosenRowsTest, AllRowsThatANameIsSaidOfAreRun) {
  EXPECT_THAT(rows({"T5"}), ElementsAre("T5_dread", "T5_no_dread"));
  EXPECT_THAT(rows({"calm"}), ElementsAre("07_latent", "12_renewal", "T5_dread", "T5_no_dread"));
  EXPECT_THAT(rows({"no_dread"}), ElementsAre("T5_no_dread"));
}

TEST_F(ChosenRowsTest, ARowThatIsNamedTwiceIsRunOnce) {
  EXPECT_THAT(rows({"7", "latent", "12", "calm"}),
              ElementsAre("07_latent", "12_renewal", "T5_dread", "T5_no_dread"));
}

TEST_F(ChosenRowsTest, OnlyANumberBeforeANameIsCutOff) {
  for (const auto* row : {"safety_other", "safety_signal_renewal"})
    std::filesystem::copy(directory_ / "rows/07_latent.yaml", directory_ / "rows/" + row + ".yaml");
  EXPECT_THAT(rows({"safety_other"}), ElementsAre("safety_other"));
  EXPECT_THAT(testing_support::refusal([&] { (void)run_battery(options({"safety"})); }),
              testing::StartsWith("--only: no protocol 'safety' in "));
  EXPECT_THAT(printed({"07", "safety_other", "safety_signal_renewal"}),
              testing::MatchesRegex("07                     calm     NaN    1/1  ok      [^\n]*\n"
                                    "safety_other           calm     NaN    1/1  ok      [^\n]*\n"
                                    "safety_signal_renewal  calm     NaN    1/1  ok      [^\n]*\n"
                                    "3 of 3 rows hold [^\n]*\n"));
}

TEST_F(ChosenRowsTest, FilesOfAnotherKindAreNoRows) {
  std::filesystem::copy(directory_ / "brain.yaml", directory_ / "rows/08_brain.yaml");
  std::ofstream(directory_ / "rows/09_run.yaml") << "{world: {type: tree}}";
  std::ofstream(directory_ / "rows/10_parts.yaml") << "{drift: {set: {}}}";
  std::ofstream(directory_ / "rows/11_schedule.yaml") << "{cues: [A]}";
  EXPECT_THAT(rows({}), ElementsAre("07_latent", "12_renewal", "T5_dread", "T5_no_dread"));
  std::ofstream(directory_ / "rows/13_mistyped.yaml") << "{phenomenn: calm, measures: {}}";
  EXPECT_THAT(testing_support::refusal([&] { (void)run_battery(options({})); }),
              testing::HasSubstr("did you mean 'phenomenon'?"));
}

TEST_F(ChosenRowsTest, WhatIsWrongWithAFileIsToldWhereItIsRun) {
  std::ofstream(directory_ / "rows/08_brain.yaml") << "{subjects: {count: 1}, seed: 1, seed: 2}";
  std::ofstream(directory_ / "rows/13_twice.yaml")
      << "{phenomenon: odd, measures: {}, measures: {}}";
  std::ofstream(directory_ / "rows/14_open.yaml") << "{phenomenon: [";
  EXPECT_THAT(rows({"7"}), ElementsAre("07_latent"));
  const auto refusal = [&](const std::string& only) {
    return testing_support::refusal(directory_ / "", [&] { (void)run_battery(options({only})); });
  };
  EXPECT_THAT(refusal("odd"),
              testing::HasSubstr("rows/13_twice.yaml:1:33: duplicate key 'measures'"));
  EXPECT_THAT(refusal("14"), testing::StartsWith("rows/14_open.yaml:1:"));
  EXPECT_THAT(refusal("brain"), testing::StartsWith("--only: no protocol 'brain' in rows"));
}

TEST_F(ChosenRowsTest, AContrastThatIsNoNumberIsAWord) {
  const auto found = run({"7"});
  EXPECT_EQ(found[0]["contrast"], "NaN");
  EXPECT_EQ(found[0]["contrasts"], nlohmann::json::array({"NaN"}));
}

TEST_F(ChosenRowsTest, TellsAllThatWasMeasuredOfEachSubject) {
  std::ofstream(directory_ / "rows/08_both.yaml")
      << "{phenomenon: both, schedule: {cues: [A], phases: [{phase: p, trials: {A: 2, A+: 1}}]}, "
         "measures: {curve: {phase: p, trials: [A]}, one: {phase: p, trials: [A+]}}, criterion: 1 "
         "> 0, contrast: one}";
  const auto found = run({"8"})[0];
  ASSERT_EQ(found["measures"]["curve"].size(), 1) << "of the one subject";
  EXPECT_EQ(found["measures"]["curve"][0].size(), 2);
  EXPECT_EQ(found["measures"]["one"], found["contrasts"]);
}

/// A row that holds where harm is learned, and parts that it does and does not need.
class AblationTest : public ChosenRowsTest {
 protected:
  AblationTest() {
    std::filesystem::remove_all(directory_ / "rows");
    std::filesystem::create_directory(directory_ / "rows");
    std::ofstream(directory_ / "rows/03_harm.yaml")
        << "{phenomenon: fear, schedule: {cues: [A], phases: [{phase: p, trials: {A+: 20}}]}, "
           "measures: {V: {phase: p, trials: [A+]}}, criterion: last(V) > 0.01, "
           "contrast: last(V)}";
  }

  /// With which exit code, and what is said.
  [[nodiscard]] std::pair<int, std::string> ablated(const std::string& parts, bool json) const {
    ConditionOptions options = this->options({});
    options.ablate = true;
    options.json = json;
    options.parts = directory_.write("parts.yaml", parts);
    testing::internal::CaptureStdout();
    const int code = run_battery(options);
    return {code, testing::internal::GetCapturedStdout()};
  }
};

constexpr const char* kNothing = "nothing: {set: {}, needed_by: []}\n";
constexpr const char* kTruth =
    "truth: {set: {steering.variables.harm.truth: 0 * outcome}, needed_by: [3]}\n";

TEST_F(AblationTest, SaysOfEachPartWhetherJustTheExpectedRowsFail) {
  const auto [code, said] = ablated(std::string(kNothing) + kTruth, false);
  EXPECT_EQ(code, 0);
  EXPECT_THAT(said,
              testing::MatchesRegex(
                  "without nothing  fails none; as expected\n"
                  "without truth    fails 3 \\(0/1, contrast 0[.][0-9]+ to -?0[.]00[0-9]\\); as "
                  "expected\n2 of 2 parts fail just the expected rows\n"));
  const auto [other_code, other] = ablated("nothing: {set: {}, needed_by: [3]}\n", false);
  EXPECT_EQ(other_code, 1);
  EXPECT_THAT(other, testing::StartsWith("without nothing  fails none; differs: expected 3\n"));
}

TEST_F(AblationTest, TellsTheContrastWithAndWithoutEachPart) {
  const auto found = nlohmann::json::parse(ablated(std::string(kNothing) + kTruth, true).second);
  const auto &nothing = found[0]["contrast"]["03_harm"], &truth = found[1]["contrast"]["03_harm"];
  EXPECT_GT(nothing["with"], 0.01);
  EXPECT_EQ(nothing["without"], nothing["with"]);
  EXPECT_EQ(truth["with"], nothing["with"]);
  EXPECT_LT(truth["without"], 0.01);
  EXPECT_EQ(found[1]["passed"]["03_harm"], 0);
}

}  // namespace
}  // namespace limbic::app
