#include "limbic/app/battery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
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

  [[nodiscard]] nlohmann::json run(const std::vector<std::string>& only) const {
    const ConditionOptions options{.config = directory_ / "brain.yaml",
                                   .json = true,
                                   .protocols = directory_ / "rows",
                                   .only = only};
    return nlohmann::json::parse(answer([&] { return run_battery(options); }));
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

TEST_F(ChosenRowsTest, AContrastThatIsNoNumberIsAWord) {
  const auto found = run({"7"});
  EXPECT_EQ(found[0]["contrast"], "NaN");
  EXPECT_EQ(found[0]["contrasts"], nlohmann::json::array({"NaN"}));
}

}  // namespace
}  // namespace limbic::app
