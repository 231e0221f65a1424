#include "limbic/inference/rank_correlation.h"

#include <gtest/gtest.h>

#include <cmath>

namespace limbic::inference {
namespace {

TEST(RankCorrelationTest, OrderAloneCounts) {
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {10, 100, 1000}), 1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {-1, -20, -21}), -1);
  EXPECT_DOUBLE_EQ(rank_correlation({1, 2, 3}, {2, 1, 3}), 0.5);
}

// Ranks 0, 1.5, 1.5, 3 against 0, 1, 2, 3: 4.5 / sqrt(4.5 * 5), as scipy.stats.spearmanr has it.
TEST(RankCorrelationTest, EqualValuesShareTheMeanOfTheirRanks) {
  EXPECT_NEAR(rank_correlation({1, 2, 2, 3}, {1, 2, 3, 4}), 0.9486832980505138, 1e-15);
}

TEST(RankCorrelationTest, WithoutAnOrderThereIsNone) {
  EXPECT_TRUE(std::isnan(rank_correlation({1, 1, 1}, {1, 2, 3})));
  EXPECT_TRUE(std::isnan(rank_correlation({1}, {1})));
  EXPECT_TRUE(std::isnan(rank_correlation({}, {})));
  EXPECT_TRUE(std::isnan(rank_correlation({1, std::nan("")}, {1, 2})));
}

}  // namespace
}  // namespace limbic::inference
