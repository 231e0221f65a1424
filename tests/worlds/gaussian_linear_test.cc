#include "limbic/worlds/gaussian_linear.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/worlds/normal.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

/// Roles over [theta, x] that ask for what they do not observe, but for `ignored` parts.
Roles roles_of(const Episodes& episodes, bool theta_observed, bool x_observed,
               bool theta_asked = true, bool x_asked = true) {
  const int64_t num = episodes.present_BTV.size(2) / 2;
  Roles roles{at::zeros_like(episodes.present_BTV), at::zeros_like(episodes.present_BTV)};
  roles.observed_BTV.narrow(2, 0, num).fill_(theta_observed);
  roles.observed_BTV.narrow(2, num, num).fill_(x_observed);
  roles.asked_BTV.narrow(2, 0, num).fill_(theta_asked && !theta_observed);
  roles.asked_BTV.narrow(2, num, num).fill_(x_asked && !x_observed);
  return roles;
}

TEST(GaussianLinearTest, ADrawIsAPieceOfOneEndlessSequenceHoweverItIsCut) {
  for (const int64_t budget : {0, 5}) {
    const GaussianLinear world({.simulator = {.budget = budget}});
    EXPECT_EQ(world.num_training_rows(), budget);
    const auto piece = [&](int64_t first, int64_t count) {
      return world.draw({.regime = "rows", .first_row = first, .num_rows = count}, Stream(3));
    };
    const Episodes whole = piece(0, 9), cut = concatenate({piece(0, 2), piece(2, 3), piece(5, 4)});
    EXPECT_TRUE(cut.value[0].equal(whole.value[0])) << budget;
    EXPECT_TRUE(cut.value[1].equal(whole.value[1])) << budget;
  }
}

TEST(GaussianLinearTest, GivesThePublishedFloors) {
  const GaussianLinear world({});
  const Episodes episodes = draw_rows(world, 20000);
  const Oracle& oracle = *world.oracle();
  expect_floor(oracle.log_prob(episodes, roles_of(episodes, false, false)), 5.353);
  expect_floor(oracle.log_prob(episodes, roles_of(episodes, true, false)), 2.676);
  expect_floor(oracle.log_prob(episodes, roles_of(episodes, false, true)), -0.789);
}

TEST(GaussianLinearTest, ConditionalsAreThoseByHand) {
  const GaussianLinear world({.dimensions = 1, .prior_variance = 0.3, .noise_variance = 0.6});
  const Episodes episodes = draw_rows(world, 5);
  const at::Tensor posterior = world.oracle()->log_prob(episodes, roles_of(episodes, false, true));
  const at::Tensor evidence =
      world.oracle()->log_prob(episodes, roles_of(episodes, false, false, false, true));
  for (int64_t i = 0; i < 5; ++i) {
    const double theta = episodes.value[0][i].item<double>(),
                 x = episodes.value[1][i].item<double>();
    EXPECT_NEAR(posterior[i].item<double>(), log_normal(theta, x / 3, std::sqrt(0.2)), 1e-9);
    EXPECT_NEAR(evidence[i].item<double>(), log_normal(x, 0, std::sqrt(0.9)), 1e-9);
  }
}

TEST(GaussianLinearTest, AnyMaskObeysTheChainRule) {
  const GaussianLinear world({.dimensions = 3});
  const Episodes episodes = draw_rows(world, 40);
  const at::Tensor observed = Stream(1).uniform({40, 1, 6}).lt(0.5);
  const at::Tensor nothing = at::zeros_like(observed);
  const Oracle& oracle = *world.oracle();
  const at::Tensor whole = oracle.log_prob(episodes, {nothing, nothing.logical_not()});
  const at::Tensor part = oracle.log_prob(episodes, {nothing, observed});
  const at::Tensor rest = oracle.log_prob(episodes, {observed, observed.logical_not()});
  EXPECT_TRUE(at::allclose(whole, part + rest, 1e-10, 1e-10));
  const at::Tensor echo = oracle.log_prob(episodes, {observed, at::ones_like(observed)});
  EXPECT_TRUE(echo.equal(rest));
}

TEST(GaussianLinearTest, HiddenValuesDoNotMoveTheAnswer) {
  const GaussianLinear world({.dimensions = 2});
  Episodes episodes = draw_rows(world, 4);
  const Roles roles = roles_of(episodes, false, true, true, false);
  Roles part = roles;
  part.asked_BTV.narrow(2, 1, 1).fill_(false);
  const at::Tensor before = world.oracle()->log_prob(episodes, part);
  episodes.value[0].select(2, 1).fill_(100);
  EXPECT_TRUE(world.oracle()->log_prob(episodes, part).equal(before));
}

TEST(GaussianLinearTest, SamplesFollowThePosterior) {
  const GaussianLinear world({.dimensions = 1});
  const Episodes many = repeat_rows(draw_rows(world, 1), 20000);
  const Roles roles = roles_of(many, false, true);
  const Episodes sampled = world.oracle()->sample(many, roles, Stream(8));
  const at::Tensor theta = sampled.value[0].flatten().to(at::kDouble);
  EXPECT_NEAR(theta.mean().item<double>(), many.value[1][0].item<double>() / 2, 0.008);
  EXPECT_NEAR(theta.var().item<double>(), 0.05, 0.002);
  EXPECT_TRUE(sampled.value[1].equal(many.value[1]));
  EXPECT_TRUE(sampled.present_BTV.all().item<bool>());
}

TEST(GaussianLinearTest, ABudgetRepeatsItsRows) {
  const GaussianLinear world({.dimensions = 1, .simulator = {.budget = 4}});
  const at::Tensor theta = draw_rows(world, 8).value[0].flatten();
  EXPECT_TRUE(
      std::get<0>(theta.narrow(0, 0, 4).sort()).equal(std::get<0>(theta.narrow(0, 4, 4).sort())));
  const Draw test{.regime = "rows", .split = Split::kTest, .num_rows = 8};
  EXPECT_EQ(std::get<0>(at::_unique(world.draw(test, Stream(3)).value[0])).numel(), 8);
}

TEST(GaussianOracleTest, RefusesACovarianceOfAnotherSize) {
  EXPECT_THAT(
      [] {
        GaussianOracle(Schema({{.name = "a", .num_cells = 2}}, 1), {0, 0}, {1});
      },
      ThrowsMessage<c10::Error>(HasSubstr("a schema of 2 cells")));
}

}  // namespace
}  // namespace limbic::worlds
