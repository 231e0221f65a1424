#include "limbic/worlds/luck.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

namespace limbic::worlds {
namespace {

constexpr int64_t kArm = 0, kOutcome = 1;
constexpr int64_t kSure = 0, kCoin = 1, kThree = 2;

Episodes draw(const Luck& world, int64_t num_rows) {
  return world.draw({.regime = "rows", .num_rows = num_rows}, Stream(3));
}

/// One row and a question about one variable given the other.
double answer(int64_t arm, int64_t outcome, int64_t asked, bool given_the_other) {
  const Luck world({});
  Episodes episodes = draw(world, 1);
  episodes.value[kArm].fill_(arm);
  episodes.value[kOutcome].fill_(outcome);
  Roles roles{at::zeros_like(episodes.present_BTV), at::zeros_like(episodes.present_BTV)};
  roles.asked_BTV.select(2, asked).fill_(true);
  roles.observed_BTV.select(2, 1 - asked).fill_(given_the_other);
  return world.oracle()->log_prob(episodes, roles).exp().item<double>();
}

TEST(LuckTest, AnswersAreThoseByHand) {
  EXPECT_DOUBLE_EQ(answer(kCoin, kThree, kArm, false), 0.5);
  EXPECT_DOUBLE_EQ(answer(kCoin, kThree, kOutcome, false), 0.25);
  EXPECT_DOUBLE_EQ(answer(kSure, 1, kOutcome, false), 0.5);
  EXPECT_DOUBLE_EQ(answer(kCoin, kThree, kOutcome, true), 0.5);
  EXPECT_DOUBLE_EQ(answer(kCoin, kThree, kArm, true), 1);
  EXPECT_DOUBLE_EQ(answer(kSure, kThree, kArm, true), 0);
  EXPECT_DOUBLE_EQ(answer(kSure, 1, kArm, true), 1);
}

TEST(LuckTest, SurePaysOneAndTheCoinNothingOnAverage) {
  const Luck world({});
  const Episodes episodes = draw(world, 20000);
  const at::Tensor is_coin = episodes.value[kArm].flatten().eq(kCoin);
  const at::Tensor pay = at::tensor({-3.0, 1.0, 3.0}).index_select(0, episodes.value[1].flatten());
  EXPECT_NEAR(is_coin.to(at::kDouble).mean().item<double>(), 0.5, 0.015);
  EXPECT_NEAR(pay.masked_select(is_coin).mean().item<double>(), 0, 0.12);
  EXPECT_TRUE(pay.masked_select(is_coin.logical_not()).eq(1).all().item<bool>());
  EXPECT_EQ(world.schema()[kOutcome].names[kThree], "3");
}

TEST(LuckTest, SamplesFollowWhatIsGiven) {
  const Luck world({});
  Episodes episodes = draw(world, 8000);
  episodes.value[kArm].fill_(kCoin);
  Roles roles{at::zeros_like(episodes.present_BTV), at::zeros_like(episodes.present_BTV)};
  roles.observed_BTV.select(2, kArm).fill_(true);
  roles.asked_BTV.select(2, kOutcome).fill_(true);
  const at::Tensor outcome = world.oracle()->sample(episodes, roles, Stream(8)).value[kOutcome];
  EXPECT_NEAR(outcome.eq(kThree).to(at::kDouble).mean().item<double>(), 0.5, 0.025);
  EXPECT_FALSE(outcome.eq(1).any().item<bool>());
}

}  // namespace
}  // namespace limbic::worlds
