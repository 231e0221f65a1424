#include "limbic/worlds/grid.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <string>

namespace limbic::worlds {
namespace {

TEST(GridTest, QuantilesInvertADensityOfStraightPieces) {
  const Grid grid(-1, 2, 4);  // points -1, 0, 1, 2
  const std::array<double, 4> weight{0, 2, 2, 0};
  EXPECT_DOUBLE_EQ(grid.quantile(weight, 0.125), -1 + std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(grid.quantile(weight, 0.25), 0);
  EXPECT_DOUBLE_EQ(grid.quantile(weight, 0.5), 0.5);
  EXPECT_DOUBLE_EQ(grid.quantile(weight, 0.875), 2 - std::sqrt(0.5));
}

TEST(GridTest, QuantilesStayWhereTheWeightIs) {
  const Grid grid(0, 4, 5);
  const std::array<double, 5> weight{0, 0, 1, 0, 0};
  EXPECT_DOUBLE_EQ(grid.quantile(weight, 0), 1);
  EXPECT_NEAR(grid.quantile(weight, 1 - 1e-15), 3, 1e-6);
}

TEST(GridTest, NothingIsDrawnWhereNothingCanBe) {
  const Grid grid(-1, 2, 4);
  const auto refuses = [&](std::array<double, 4> weight, const std::string& sum) {
    EXPECT_THAT([&] { (void)grid.quantile(weight, 0.5); },
                testing::ThrowsMessage<c10::Error>(testing::HasSubstr(
                    "what is observed cannot happen together: the weights of the numbers from -1 "
                    "to 2 sum to " +
                    sum)));
  };
  refuses({0, 0, 0, 0}, "0");
  std::array<double, 4> impossible{};
  impossible.fill(-std::numeric_limits<double>::infinity());
  (void)exponentiate(impossible);
  refuses(impossible, "");  // nan
}

TEST(GridTest, ExponentiatesWithoutUnderflow) {
  std::array<double, 2> weight{-5000, -5000 + std::log(4)};
  EXPECT_DOUBLE_EQ(exponentiate(weight), -5000 + std::log(4));
  EXPECT_NEAR(weight[0], 0.25, 1e-12);
  EXPECT_EQ(weight[1], 1);
}

}  // namespace
}  // namespace limbic::worlds
