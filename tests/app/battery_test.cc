#include "limbic/app/battery.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "../support/refusal.h"
#include "../training/temporary_directory.h"

namespace limbic::app {
namespace {

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

  training::TemporaryDirectory directory_;
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

}  // namespace
}  // namespace limbic::app
