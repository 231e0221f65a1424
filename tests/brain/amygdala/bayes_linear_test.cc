#include "limbic/brain/amygdala/bayes_linear.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/core/stream.h"

namespace limbic::brain {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::Pointwise;

/// The arrays of a learner, and weights that follow its gains.
struct State {
  State(const BayesLinearConfig& config, int64_t size)
      : covariance(config.covariance == Covariance::kFull ? size * size : size),
        surprise(size),
        alpha(size),
        met(size),
        weight(size) {
    BayesLinear::start(config, arrays());
  }
  BayesLinear::Arrays arrays() {
    return {covariance.data(), surprise.data(), alpha.data(), met.data(), std::ssize(surprise)};
  }
  [[nodiscard]] double at(int64_t i, int64_t j) const {
    return covariance[i * std::ssize(surprise) + j];
  }
  [[nodiscard]] double read(const Sparse& x) const {
    double sum = 0;
    for (const auto& [i, xi] : x) sum += weight[i] * xi;
    return sum;
  }
  /// Learns that x is worth y; returns R.
  double learn(BayesLinear& filter, const Sparse& x, double y, double share = 1) {
    const double error = y - read(x);
    const auto gain = filter.learn(x, error, share);
    for (const int64_t i : *gain.features) weight[i] += gain.gain_F[i] * error;
    return gain.noise;
  }

  std::vector<double> covariance, surprise, alpha, met, weight;
};

// No more than regression: nothing drifts, and the noise is always the same.
BayesLinearConfig regression() {
  return {
      .prior_variance = 0.5, .process_noise = 0, .observation_noise = 2, .noise_per_surprise = 0};
}

Sparse dense(const at::Tensor& x_F) {
  Sparse x;
  for (int64_t i = 0; i < x_F.size(0); ++i) x.emplace_back(i, x_F[i].item<double>());
  return x;
}

double distance(const std::vector<double>& found, const at::Tensor& expected) {
  return (at::tensor(found, at::kDouble) - expected.flatten()).abs().max().item<double>();
}

TEST(BayesLinearTest, ThePosteriorIsThatOfBayesianRegression) {
  const auto config = regression();
  State state(config, 4);
  BayesLinear filter(config, state.arrays());
  const auto x = Stream(1).normal({12, 4}).to(at::kDouble);
  const auto y = Stream(2).normal({12}).to(at::kDouble);
  for (int64_t n = 0; n < 12; ++n) state.learn(filter, dense(x[n]), y[n].item<double>());
  const auto precision = at::eye(4, at::kDouble) / 0.5 + x.t().matmul(x) / 2;
  const auto covariance = at::linalg_inv(precision);
  EXPECT_LT(distance(state.covariance, covariance), 1e-12);
  EXPECT_LT(distance(state.weight, covariance.matmul(x.t().mv(y)) / 2), 1e-12);
  const auto probe = at::tensor({1.0, -2.0, 0.0, 3.0}, at::kDouble);
  EXPECT_NEAR(filter.variance({{0, 1}, {1, -2}, {3, 3}}),
              probe.dot(covariance.mv(probe)).item<double>(), 1e-12);
}

TEST(BayesLinearTest, SparseExamplesAreDenseOnesWithZeros) {
  const auto config = regression();
  State sparse(config, 4), full(config, 4);
  BayesLinear of_few(config, sparse.arrays()), of_all(config, full.arrays());
  for (const auto& [i, j] : {std::pair{3, 1}, {1, 0}, {3, 0}}) {
    auto x = at::zeros({4}, at::kDouble);
    x[i] = 1;
    x[j] = 0.5;
    Sparse few{{std::min(i, j), x[std::min(i, j)].item<double>()},
               {std::max(i, j), x[std::max(i, j)].item<double>()}};
    sparse.learn(of_few, few, 1);
    full.learn(of_all, dense(x), 1);
  }
  EXPECT_LT(distance(sparse.covariance, at::tensor(full.covariance, at::kDouble)), 1e-15);
  EXPECT_LT(distance(sparse.weight, at::tensor(full.weight, at::kDouble)), 1e-15);
}

TEST(BayesLinearTest, FeaturesNeverMetStayAsTheyWere) {
  BayesLinearConfig config;
  config.associability = AssociabilityConfig{};
  State state(config, 3);
  BayesLinear filter(config, state.arrays());
  const auto gain = filter.learn({{0, 1}, {2, 0.5}}, 0.7, 1);
  EXPECT_THAT(*gain.features, ElementsAre(0, 2));
  EXPECT_THAT(state.met, ElementsAre(1, 0, 1));
  EXPECT_EQ(state.at(1, 1), 1.0);
  for (const int64_t i : {0, 2}) {
    EXPECT_EQ(state.at(1, i), 0);
    EXPECT_EQ(state.at(i, 1), 0);
    EXPECT_LT(state.at(i, i), 1);
  }
  EXPECT_LT(state.at(0, 2), 0) << "what one of two gets the other lacks";
  EXPECT_EQ(state.surprise[1], 0);
  EXPECT_EQ(state.alpha[1], 1);
}

TEST(BayesLinearTest, WhatWasMetTogetherIsRevaluedTogether) {
  const auto config = regression();
  State state(config, 2);
  BayesLinear filter(config, state.arrays());
  for (int i = 0; i < 50; ++i) state.learn(filter, {{0, 1}, {1, 1}}, 1);
  const double before = state.weight[1];
  for (int i = 0; i < 50; ++i) state.learn(filter, {{0, 1}}, 1);
  EXPECT_LT(state.weight[1], 0.4 * before) << "explained away, though absent";
}

TEST(BayesLinearTest, ItsStateIsInItsArrays) {
  const BayesLinearConfig config;
  State once(config, 3), anew(config, 3);
  BayesLinear filter(config, once.arrays());
  for (int trial = 0; trial < 6; ++trial) {
    BayesLinear fresh(config, anew.arrays());
    const Sparse x{{trial % 2, 1.0}, {2, 0.3}};
    once.learn(filter, x, 1);
    anew.learn(fresh, x, 1);
    filter.end_trial();
    fresh.end_trial();
  }
  EXPECT_EQ(once.covariance, anew.covariance);
  EXPECT_EQ(once.weight, anew.weight);
  EXPECT_EQ(once.surprise, anew.surprise);
}

TEST(BayesLinearTest, EachTrialAddsTheDriftToEveryVariance) {
  for (const Covariance kept : {Covariance::kFull, Covariance::kDiagonal}) {
    const BayesLinearConfig config{.prior_variance = 1, .process_noise = 0.25, .covariance = kept};
    State state(config, 2);
    BayesLinear(config, state.arrays()).end_trial();
    const bool is_full = kept == Covariance::kFull;
    EXPECT_EQ(state.covariance, is_full ? std::vector<double>({1.25, 0, 0, 1.25})
                                        : std::vector<double>({1.25, 1.25}));
  }
  const BayesLinearConfig config{.process_noise = 0.25, .covariance = Covariance::kNone};
  State state(config, 2);
  BayesLinear(config, state.arrays()).end_trial();
  EXPECT_THAT(state.covariance, ElementsAre(1, 1));
}

// v = .1 * 4 of x = 2, .025 * 4 of x = .5; then R = 3 + 12 (4 * .4 + .25 * .1) / 4.25.
TEST(BayesLinearTest, SurprisesMakeTheirFeaturesNoisy) {
  const BayesLinearConfig config{
      .observation_noise = 3, .noise_per_surprise = 12, .surprise_rate = 0.1};
  State state(config, 3);
  BayesLinear filter(config, state.arrays());
  const Sparse x{{0, 2}, {1, 0.5}};
  EXPECT_EQ(filter.learn(x, 2, 1).noise, 3) << "as it stood before this example";
  EXPECT_NEAR(state.surprise[0], 0.4, 1e-15) << "x above 1 counts as 1";
  EXPECT_NEAR(state.surprise[1], 0.1, 1e-15);
  EXPECT_NEAR(filter.learn(x, 0, 1).noise, 3 + 12 * (4 * 0.4 + 0.25 * 0.1) / 4.25, 1e-12);
  EXPECT_NEAR(state.surprise[0], 0.36, 1e-15) << "and calms down";
  EXPECT_EQ(filter.learn({{2, 1}}, 0, 1).noise, 3);
}

// k = 1 / (1 + 1 + 2), P' = 1 - 1/4.
TEST(BayesLinearTest, TheDiagonalAloneKnowsNoCovariance) {
  auto config = regression();
  config.prior_variance = 1;
  config.covariance = Covariance::kDiagonal;
  State state(config, 3);
  BayesLinear filter(config, state.arrays());
  state.learn(filter, {{0, 1}, {1, 1}}, 1);
  EXPECT_THAT(state.covariance, ElementsAre(0.75, 0.75, 1));
  EXPECT_THAT(state.weight, ElementsAre(0.25, 0.25, 0));
  EXPECT_EQ(filter.variance({{0, 1}, {2, 2}}), 0.75 + 4);
  state.learn(filter, {{0, 1}}, 1);  // k = .75 / 2.75
  EXPECT_NEAR(state.weight[0], 0.25 + 0.75 / 2.75 * 0.75, 1e-15);
  EXPECT_EQ(state.weight[1], 0.25) << "absent, so not revalued";
}

TEST(BayesLinearTest, WithoutCovarianceEveryExampleCountsAlike) {
  auto config = regression();
  config.covariance = Covariance::kNone;
  State state(config, 2);
  BayesLinear filter(config, state.arrays());
  double expected = 0;
  for (int i = 0; i < 3; ++i) {
    state.learn(filter, {{0, 1}}, 1);
    expected += 0.5 / 2.5 * (1 - expected);
    EXPECT_NEAR(state.weight[0], expected, 1e-15);
  }
  EXPECT_THAT(state.covariance, ElementsAre(0.5, 0.5));
}

// alpha: 1, then .7 + .3 * 2 = 1.3, then .7 * 1.3 + 0 = .91.
TEST(BayesLinearTest, FeaturesThatMetSurprisesLearnFaster) {
  auto config = regression();
  config.covariance = Covariance::kNone;
  config.associability = AssociabilityConfig{.rate = 0.3, .initial = 1};
  State state(config, 2);
  BayesLinear filter(config, state.arrays());
  const double k = 0.5 / 2.5;
  const auto gain = [&](double error) { return filter.learn({{0, 1}}, error, 1).gain_F[0]; };
  EXPECT_NEAR(gain(-2), k, 1e-15) << "this surprise is for the next";
  EXPECT_NEAR(state.alpha[0], 1.3, 1e-15);
  EXPECT_NEAR(gain(0), 1.3 * k, 1e-15);
  EXPECT_NEAR(state.alpha[0], 0.91, 1e-15);
  EXPECT_EQ(state.alpha[1], 1);
}

TEST(BayesLinearTest, ALessonThatCountsSeveralTimesIsSeveralLessons) {
  const auto config = regression();
  State often(config, 2), once(config, 2);
  BayesLinear of_many(config, often.arrays()), of_one(config, once.arrays());
  const Sparse x{{0, 1}, {1, 2}};
  for (int i = 0; i < 5; ++i) often.learn(of_many, x, 3);
  once.learn(of_one, x, 3, 5);
  EXPECT_THAT(once.covariance, Pointwise(DoubleNear(1e-12), often.covariance));
  EXPECT_THAT(once.weight, Pointwise(DoubleNear(1e-12), often.weight));
}

TEST(BayesLinearTest, ALessonOfAnyWeightLeavesVariancesPositiveAndAveragesWithinWhatTheyAverage) {
  BayesLinearConfig config{.surprise_rate = 0.1};
  config.associability = AssociabilityConfig{.rate = 0.5, .initial = 1};
  State state(config, 1);
  BayesLinear filter(config, state.arrays());
  for (int i = 0; i < 20; ++i) state.learn(filter, {{0, 1}}, 1, 50);
  EXPECT_GT(filter.variance({{0, 1}}), 0);
  EXPECT_NEAR(state.read({{0, 1}}), 1, 0.1);
  EXPECT_GE(state.alpha[0], 0);
  EXPECT_LE(state.alpha[0], 1);
  EXPECT_LE(state.surprise[0], 1);
}

TEST(BayesLinearTest, HalfALessonIsOneOfTwiceTheNoise) {
  BayesLinearConfig config{.prior_variance = 1, .observation_noise = 1, .surprise_rate = 0.1};
  config.associability = AssociabilityConfig{.rate = 0.5, .initial = 1};
  State state(config, 1);
  BayesLinear filter(config, state.arrays());
  const auto gain = filter.learn({{0, 1}}, 2, 0.5);
  EXPECT_NEAR(gain.gain_F[0], 1.0 / 3, 1e-15);
  EXPECT_NEAR(state.covariance[0], 2.0 / 3, 1e-15);
  EXPECT_NEAR(state.surprise[0], 0.5 * 0.1 * 4, 1e-15);
  EXPECT_NEAR(state.alpha[0], 1 + 0.25 * (2 - 1), 1e-15);
}

TEST(BayesLinearTest, AnExampleOfNothingTeachesNothing) {
  const BayesLinearConfig config;
  State state(config, 2);
  BayesLinear filter(config, state.arrays());
  EXPECT_EQ(filter.learn({}, 5, 1).noise, 3);
  EXPECT_EQ(filter.variance({}), 0);
  EXPECT_THAT(state.covariance, ElementsAre(1, 0, 0, 1));
  EXPECT_THAT(state.met, Each(0));
}

}  // namespace
}  // namespace limbic::brain
