#include "limbic/worlds/choice.h"

#include <c10/util/Exception.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <vector>

namespace limbic::worlds {
namespace {

TEST(ChoiceTest, AUniformNumberFallsOnWeightsByTheirShare) {
  const std::vector<double> weights{2, 0, 6, 0};
  EXPECT_EQ(choose(weights, 0), 0);
  EXPECT_EQ(choose(weights, 0.249), 0);
  EXPECT_EQ(choose(weights, 0.25), 2);
  EXPECT_EQ(choose(weights, 1), 2);
  EXPECT_EQ(choose(std::vector<double>{0, 1}, 0), 1);
}

TEST(ChoiceTest, RefusesWeightsOfNothing) {
  EXPECT_THAT(
      [] {
        choose(std::vector<double>{0, 0}, 0.5);
      },
      testing::ThrowsMessage<c10::Error>(testing::HasSubstr("none of 2 weights is above 0")));
}

}  // namespace
}  // namespace limbic::worlds
