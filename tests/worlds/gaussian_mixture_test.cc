#include "limbic/worlds/gaussian_mixture.h"

#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "limbic/worlds/normal.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

TEST(GaussianMixtureTest, GivesTheKnownFloors) {
  const GaussianMixtureWorld world({});
  const Episodes rows = draw_rows(world, 20000);
  expect_floor(world, rows, same_roles(rows, {0, 1}, {2, 3}), 1.140);
  expect_floor(world, rows, same_roles(rows, {2, 3}, {0, 1}), 1.013);
  expect_floor(world, rows, same_roles(rows, {}, {0, 1, 2, 3}), 7.132);
}

TEST(GaussianMixtureTest, JointDensityIsThatByHand) {
  const GaussianMixtureWorld world({});
  const Episodes rows = draw_rows(world, 5);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {}, {0, 1, 2, 3}));
  for (int64_t i = 0; i < 5; ++i) {
    const at::Tensor theta = rows.value[0][i][0], x = rows.value[1][i][0];
    double due = 0;
    for (const double deviation : {1.0, 0.1}) {
      double log_p = 0;
      for (int64_t d = 0; d < 2; ++d)
        log_p += log_normal(x[d].item<double>(), theta[d].item<double>(), deviation);
      due += 0.5 * std::exp(log_p) / 400;
    }
    EXPECT_NEAR(log_prob[i].item<double>(), std::log(due), 1e-9);
  }
}

TEST(GaussianMixtureTest, EveryConditionalIntegratesToOne) {
  const GaussianMixtureWorld world({});
  const at::Tensor inside =
      at::arange(-10 + 0.002, 10, 0.004, at::kDouble);  // midpoints: it ends at a wall
  for (int64_t d = 0; d < 2; ++d) {
    expect_sums_to_one(world, 0, d, inside);
    expect_sums_to_one(world, 1, d, at::arange(-16, 16, 0.03, at::kDouble));
  }
}

TEST(GaussianMixtureTest, OneDimensionTellsTheComponentOfTheOther) {
  const GaussianMixtureWorld world({});
  Episodes rows = draw_rows(world, 2);
  rows.value[0].fill_(0);
  rows.value[1].select(2, 0).copy_(at::tensor({0.0F, 2.0F}).unsqueeze(1));
  rows.value[1].select(2, 1).fill_(0);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {0, 1, 2}, {3}));
  // At 0 the narrow one is ten times as dense, so it has 10 / 11; at 2 it is out of the question.
  EXPECT_NEAR(log_prob[0].item<double>(), std::log(101.0 / 11) + log_normal(0, 0, 1), 1e-9);
  EXPECT_NEAR(log_prob[1].item<double>(), log_normal(0, 0, 1), 1e-9);
}

TEST(GaussianMixtureTest, ThetaStaysInTheBoxBehindAnXOutside) {
  const GaussianMixtureWorld world({});
  Episodes one = draw_rows(world, 1);
  one.value[1].copy_(at::tensor({12.0F, -12.0F}).view({1, 1, 2}));
  const Episodes many = repeat_rows(one, 4000);
  const Episodes sampled =
      world.oracle()->sample(many, same_roles(many, {2, 3}, {0, 1}), Stream(8));
  const at::Tensor theta = sampled.value[0].select(1, 0);
  EXPECT_LE(theta.abs().max().item<double>(), 10);
  const double hazard = std::exp(log_normal(2, 0, 1)) / (0.5 * std::erfc(std::sqrt(2.0)));
  EXPECT_NEAR(theta.select(1, 0).mean().item<double>(), 12 - hazard, 0.02);
  EXPECT_NEAR(theta.select(1, 1).mean().item<double>(), hazard - 12, 0.02);
}

TEST(GaussianMixtureTest, AnXFarOutsideIsUnlikelyOnEitherSideAlike) {
  const GaussianMixtureWorld world({});
  Episodes rows = draw_rows(world, 2);
  rows.value[1].copy_(at::tensor({20.0F, -20.0F}).view({2, 1, 1}));
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {}, {2}));
  const double due = std::log(0.5 / 20 * 0.5 * std::erfc(10 / std::sqrt(2.0)));
  EXPECT_NEAR(log_prob[0].item<double>(), due, 1e-9);
  EXPECT_NEAR(log_prob[1].item<double>(), due, 1e-9);
}

TEST(GaussianMixtureTest, NoThetaLiesOutsideTheBox) {
  const GaussianMixtureWorld world({});
  Episodes rows = draw_rows(world, 1);
  rows.value[0].fill_(10.5);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {2, 3}, {0, 1}));
  EXPECT_EQ(log_prob.item<double>(), -std::numeric_limits<double>::infinity());
}

TEST(GaussianMixtureTest, NothingIsDrawnBehindWhatCannotHappen) {
  const GaussianMixtureWorld world({});
  Episodes one = draw_rows(world, 1);
  one.value[1].fill_(1000);  // where both components are 0 in float64
  EXPECT_THAT(
      [&] {
        (void)world.oracle()->sample(one, same_roles(one, {2, 3}, {0, 1}), Stream(8));
      },
      testing::ThrowsMessage<c10::Error>(
          testing::HasSubstr("what is observed of gaussian_mixture cannot happen together: log "
                             "densities are -inf and -inf")));
}

TEST(GaussianMixtureTest, TruthsRankEvenlyAmongCompletions) {
  const GaussianMixtureWorld world({});
  const Episodes rows = draw_rows(world, 2000);
  expect_calibrated(world, rows, random_roles(rows, 0.4));
}

TEST(GaussianMixtureTest, StandardisesItsVariables) {
  const GaussianMixtureWorld world({});
  const Episodes rows = draw_rows(world, 20000);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(rows.value[i].mean().item<double>(), world.schema()[i].center, 0.1) << i;
    EXPECT_NEAR(rows.value[i].std().item<double>(), world.schema()[i].scale, 0.05) << i;
  }
}

}  // namespace
}  // namespace limbic::worlds
