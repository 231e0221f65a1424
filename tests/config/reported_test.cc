#include "limbic/config/reported.h"

#include <gtest/gtest.h>

#include <vector>

#include "parts_for_tests.h"

namespace limbic::config {
namespace {

const std::vector<Reported> kAll = {{"", Direction::kLower, "all"},
                                    {"<variable>", Direction::kHigher, "one's own"},
                                    {"share", {}, "of all"}};

TEST(ReportedTest, AKeyGoesBeforeOneOfAnyName) {
  EXPECT_EQ(reported_as(kAll, "")->help, "all");
  EXPECT_EQ(reported_as(kAll, "share")->help, "of all");
  EXPECT_EQ(reported_as(kAll, "x")->help, "one's own");
  EXPECT_EQ(reported_as({kAll[0]}, "x"), nullptr);
}

TEST(ReportedTest, SaysWhichWayIsBetter) {
  EXPECT_EQ(better_of(kAll[0]), "lower");
  EXPECT_EQ(better_of(kAll[1]), "higher");
  EXPECT_EQ(better_of(kAll[2]), "neither");
}

struct AreaConfig {
  static void fields(auto&, auto&&) {}
  static std::vector<Reported> reported() { return {{"area", Direction::kHigher, "[m^2]"}}; }
};

TEST(ReportedTest, ARegistryKnowsWhatItsPartsReport) {
  Registry<double> all;
  all.add<AreaConfig>("area", "a part that measures", [](const AreaConfig&) { return 1.0; });
  all.add<SquareConfig>("square", "one that does not", [](const SquareConfig&) { return 1.0; });
  ASSERT_EQ(all.reported("area").size(), 1);
  EXPECT_EQ(all.reported("area")[0].key, "area");
  EXPECT_TRUE(all.reported("square").empty());
}

}  // namespace
}  // namespace limbic::config
