#include "limbic/brain/cortex/base/joint_mixture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <numeric>

#include "limbic/brain/cortex/base/expectation.h"

namespace limbic::brain {
namespace {

// Rows of numbers that are all seen.
JointRows seen(int64_t num_values, const std::vector<double>& values) {
  const auto num_rows = std::ssize(values) / num_values;
  return {num_rows,
          num_values,
          0,
          values,
          std::vector<bool>(values.size(), true),
          std::vector<std::vector<int64_t>>(num_rows),
          {}};
}

double mean(const std::vector<double>& x) {
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

// x of two clusters at -2 and 2, and y, which is as far from the line y = x / 2 as `noise` says.
JointRows two_clusters(int64_t num_rows, const Stream& stream) {
  std::vector<double> values;
  for (int64_t i = 0; i < num_rows; ++i) {
    const double side = stream.child("side").below(2, i) == 0 ? -2 : 2;
    const double x = side + 0.5 * stream.child("x").normal(i);
    values.insert(values.end(), {x, x / 2 + 0.2 * stream.child("y").normal(i)});
  }
  return seen(2, values);
}

TEST(JointMixtureTest, OneGaussianOfWholeRowsIsTheirMeanAndCovarianceWithOneStandardRow) {
  const JointMixture one = fit_mixture(seen(2, {1, 0, 3, 2, 5, 1}), {}, nullptr, Stream(1));
  EXPECT_THAT(one.mean, testing::Pointwise(testing::DoubleNear(1e-9), {3, 1}));
  // Sums of squares 8, 2 and 2 about the mean, and the identity, over four rows.
  EXPECT_THAT(one.covariance,
              testing::Pointwise(testing::DoubleNear(1e-9), {2.25, 0.5, 0.5, 0.75}));
}

// Where y is missing at random in half of the rows, the likeliest Gaussian is that of x and the
// regression of y on x among whole rows (Anderson 1957).
TEST(JointMixtureTest, MissingNumbersAreExpectedFromTheOthers) {
  const Stream stream(2);
  JointRows rows = seen(2, {});
  std::vector<double> x, both_x, y;
  for (int64_t i = 0; i < 4000; ++i) {
    x.push_back(stream.child("x").normal(i));
    rows.value_BD.insert(rows.value_BD.end(), {x.back(), 0});
    const bool is_whole = i % 2 == 0;
    rows.seen_BD.insert(rows.seen_BD.end(), {true, is_whole});
    if (!is_whole) continue;
    both_x.push_back(x.back());
    y.push_back(3 + 2 * x.back() + 0.5 * stream.child("y").normal(i));
    rows.value_BD.back() = y.back();
  }
  rows.num_rows = 4000;
  rows.options.resize(4000);
  double xx = 0, xy = 0, residual = 0;
  for (size_t i = 0; i < y.size(); ++i) {
    xx += (both_x[i] - mean(both_x)) * (both_x[i] - mean(both_x));
    xy += (both_x[i] - mean(both_x)) * (y[i] - mean(y));
  }
  const double slope = xy / xx, offset = mean(y) - slope * mean(both_x);
  for (size_t i = 0; i < y.size(); ++i)
    residual += std::pow(y[i] - offset - slope * both_x[i], 2) / static_cast<double>(y.size());
  const JointMixture one = fit_mixture(rows, {}, nullptr, Stream(1));
  EXPECT_NEAR(one.mean[1], offset + slope * mean(x), 0.02);
  EXPECT_NEAR(one.covariance[2] / one.covariance[0], slope, 0.02);
  EXPECT_NEAR(one.covariance[3] - slope * slope * one.covariance[0], residual, 0.02);
}

TEST(JointMixtureTest, ComponentsFindClustersAndWhatIsLikelyOfEachChoiceThere) {
  JointRows rows = two_clusters(400, Stream(3));
  rows.num_options = 2;
  rows.first_option = {0};
  for (int64_t i = 0; i < rows.num_rows; ++i) rows.options[i] = {rows.value_BD[2 * i] > 0 ? 1 : 0};
  const JointMixture one = fit_mixture(rows, {}, nullptr, Stream(1));
  const JointMixture two = fit_mixture(rows, {2, 1.0}, &one, Stream(1));
  const int64_t right = two.mean[0] > 0 ? 0 : 1, left = 1 - right;
  EXPECT_NEAR(two.mean[2 * left], -2, 0.1);
  EXPECT_NEAR(two.mean[2 * right], 2, 0.1);
  EXPECT_GT(std::exp(two.log_choice[2 * right + 1]), 0.99);
  EXPECT_GT(std::exp(two.log_choice[2 * left]), 0.99);
  EXPECT_NEAR(std::exp(two.log_choice[0]) + std::exp(two.log_choice[1]), 1, 1e-9);
}

TEST(JointMixtureTest, PriorHoldsComponentsToThePooledGaussian) {
  const JointRows rows = two_clusters(100, Stream(4));
  const JointMixture one = fit_mixture(rows, {}, nullptr, Stream(1));
  const JointMixture free = fit_mixture(rows, {2, 1.0}, &one, Stream(1));
  const JointMixture held = fit_mixture(rows, {2, 1e6}, &one, Stream(1));
  EXPECT_LT(free.covariance[0], 0.3 * one.covariance[0]);
  EXPECT_NEAR(held.covariance[0], one.covariance[0], 1e-3);
}

TEST(StackedMixtureTest, IsLikelierOfUnseenRowsThanOneGaussianWhereThereAreClusters) {
  const JointRows rows = two_clusters(60, Stream(5)), unseen = two_clusters(400, Stream(6));
  const JointMixture one = fit_mixture(rows, {}, nullptr, Stream(1));
  const JointMixture stacked = fit_stacked_mixture(rows, 16, Stream(1));
  EXPECT_GT(mean(log_prob(stacked, unseen)), mean(log_prob(one, unseen)) + 0.3);
}

TEST(StackedMixtureTest, IsNextToOneGaussianWhereThereIsNoMoreToFind) {
  std::vector<double> values, other;
  for (int64_t i = 0; i < 240; ++i) values.push_back(Stream(7).normal(i));
  for (int64_t i = 0; i < 4000; ++i) other.push_back(Stream(8).normal(i));
  const JointRows rows = seen(4, values), unseen = seen(4, other);
  const JointMixture one = fit_mixture(rows, {}, nullptr, Stream(1));
  EXPECT_GT(mean(log_prob(fit_stacked_mixture(rows, 16, Stream(1)), unseen)),
            mean(log_prob(one, unseen)) - 0.05);
}

// One row in sixteen lies six times as far out as the others: too few in so many dimensions for a
// component of their own.
TEST(StackedMixtureTest, TailsAreAsHeavyAsTheRowsOwn) {
  constexpr int64_t kDimensions = 12;
  const auto drawn = [](int64_t count, const Stream& stream) {
    std::vector<double> values;
    for (int64_t i = 0; i < count; ++i) {
      const double size = i % 16 == 0 ? 6 : 1;
      for (int64_t k = 0; k < kDimensions; ++k)
        values.push_back(size * stream.normal(kDimensions * i + k));
    }
    return seen(kDimensions, values);
  };
  for (const uint64_t seed : {10, 20, 30, 40}) {
    const JointRows rows = drawn(48, Stream(seed)), unseen = drawn(1600, Stream(seed + 1));
    for (const int64_t most : {2, 4, 8, 16}) {
      const JointMixture fitted = fit_stacked_mixture(rows, most, Stream(1));
      ASSERT_LE(fitted.size(), most);
      EXPECT_GT(mean(log_prob(fitted, unseen)), -24) << most << " at most";  // else -29
    }
  }
}

// The second step's prior mean pulls back what the first step moved.
TEST(JointMixtureTest, AComponentIsHeldToThePooledMeanAsByAThirdOfARow) {
  const JointMixture pooled{{0.0}, {1.0}, {4.0}, {}};
  const JointRows rows = seen(1, std::vector<double>(50, 3.0));
  const JointMixture held = fit_mixture(rows, {1, 2.0}, &pooled, Stream(1));
  const double mean = (50 * 3 + 0.3 * 1) / 50.3;
  EXPECT_NEAR(held.mean[0], mean, 1e-9);
  EXPECT_NEAR(held.covariance[0],
              (50 * std::pow(3 - mean, 2) + 0.3 * std::pow(mean - 1, 2) + 2 * 4) / 52, 1e-9);
}

TEST(StackedMixtureTest, WeightsSumToOneWhenFewComponentsAreKept) {
  const JointMixture kept = fit_stacked_mixture(two_clusters(80, Stream(9)), 3, Stream(1));
  ASSERT_LE(kept.size(), 3);
  double sum = 0;
  for (const double log_p : kept.log_weight) sum += std::exp(log_p);
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST(StackedMixtureTest, OneRowIsEnough) {
  const JointMixture fitted = fit_stacked_mixture(seen(1, {0.5}), 16, Stream(1));
  ASSERT_EQ(fitted.size(), 1);
  EXPECT_DOUBLE_EQ(fitted.mean[0], 0.5);
}

}  // namespace
}  // namespace limbic::brain
