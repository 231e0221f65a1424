#include "limbic/inference/summary.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace limbic::inference {
namespace {

using brain::GaussianMixture;

GaussianMixture mixture(const at::Tensor& mean_K, const at::Tensor& scale_K) {
  return {.logits = at::zeros_like(mean_K),
          .mean = mean_K.unsqueeze(-1),
          .scale = scale_K.unsqueeze(-1),
          .factor = at::zeros({1, 0})};
}

TEST(SummaryTest, AMixtureHasItsMomentsAndQuantiles) {
  const GaussianMixture two = mixture(at::tensor({-1.F, 3.F}), at::tensor({0.5F, 2.F}));
  const Summary found = summary_of(two, {0.05, 0.5, 0.975});
  EXPECT_NEAR(found.mean.item<double>(), 1, 1e-6);
  EXPECT_NEAR(found.deviation.item<double>(), std::sqrt(2.125 + 4), 1e-6);
  EXPECT_TRUE(
      at::allclose(brain::cdf(two, found.quantiles), at::tensor({0.05, 0.5, 0.975}, at::kDouble)));
}

TEST(SummaryTest, WhatIsCutOffDoesNotCount) {
  GaussianMixture box = mixture(at::zeros({1}), at::full({1}, 1e4, at::kFloat));
  box.low = 1;
  box.high = 3;
  const Summary found = summary_of(box, {0.25});
  EXPECT_NEAR(found.mean.item<double>(), 2, 1e-3);
  EXPECT_NEAR(found.deviation.item<double>(), 2 / std::sqrt(12), 1e-3);
  EXPECT_NEAR(found.quantiles.item<double>(), 1.5, 1e-3);
}

// There a Gaussian falls like an exponential: of rate (mean - bound) / deviation^2.
TEST(SummaryTest, WhatLiesFarOutsideFallsFromItsBound) {
  GaussianMixture far = mixture(at::full({1}, 50.F), at::full({1}, 0.1F));
  far.low = 1;
  far.high = 3;
  const double length = 0.01 / 47;
  const Summary found = summary_of(far, {0.25});
  EXPECT_NEAR(found.mean.item<double>(), 3 - length, 1e-6);
  EXPECT_NEAR(found.deviation.item<double>(), length, 1e-6);
  EXPECT_NEAR(found.quantiles.item<double>(), 3 + length * std::log(0.25), 1e-6);
}

// Wide Gaussians so far off that within the box they hardly fall.
TEST(SummaryTest, WhatLiesFarOutsideAndIsWideFillsItsBox) {
  GaussianMixture far = mixture(at::tensor({-4e5F, -4e5F}), at::tensor({1e4F, 1e3F}));
  far.low = -1;
  far.high = 1;
  const Summary found = summary_of(far, {0.25, 0.5});
  EXPECT_NEAR(found.mean.item<double>(), -4e5 * 2 / 3 / 2 / 1e8, 2e-4);  // of the wider one alone
  EXPECT_NEAR(found.deviation.item<double>(), 1 / std::sqrt(3), 1e-3);
  EXPECT_NEAR(found.quantiles[0].item<double>(), -0.5, 3e-3);
  EXPECT_NEAR(found.quantiles[1].item<double>(), 0, 3e-3);
}

// A Gaussian whose peak lies below its only bound, and its mirror image.
std::vector<GaussianMixture> beyond_one_bound(float distance, float deviation) {
  std::vector<GaussianMixture> both;
  for (const float side : {-1.F, 1.F}) {
    both.push_back(mixture(at::full({1}, side * distance), at::full({1}, deviation)));
    (side < 0 ? both.back().low : both.back().high) = 0;
  }
  return both;
}

// 250 deviations of 4 from its peak it falls like exp(-x 250 / 4).
TEST(SummaryTest, QuantilesBeyondTheOnlyBoundLieInsideIt) {
  const auto both = beyond_one_bound(1000, 4);
  const at::Tensor above = summary_of(both[0], {0.05, 0.5, 0.95}).quantiles;
  const at::Tensor below = summary_of(both[1], {0.95, 0.5, 0.05}).quantiles;
  const auto expected = at::log1p(-at::tensor({0.05, 0.5, 0.95}, at::kDouble)) * (-4 / 250.0);
  EXPECT_TRUE(at::allclose(above, expected, 1e-4, 0)) << above;
  EXPECT_TRUE(at::allclose(below, -expected, 1e-4, 0)) << below;
}

// z deviations before it: 1 / z - 2 / z^3 + 10 / z^5 - ... of one beyond it.
TEST(SummaryTest, BeyondTheOnlyBoundMeanAndDeviationAreRightHoweverFar) {
  for (const float z : {45.F, 60.F, 1e3F, 1e6F, 1e10F}) {
    const double square = static_cast<double>(z) * z;
    const double expected = (1 - 2 / square + 10 / (square * square)) / z;
    const auto both = beyond_one_bound(2 * z, 2);
    EXPECT_NEAR(summary_of(both[0], {}).mean.item<double>() / (2 * expected), 1, 1e-5) << z;
    EXPECT_NEAR(summary_of(both[1], {}).mean.item<double>() / (-2 * expected), 1, 1e-5) << z;
    const double deviation = (1 - 3 / square) / z;
    EXPECT_NEAR(summary_of(both[0], {}).deviation.item<double>() / (2 * deviation), 1, 1e-3) << z;
    EXPECT_NEAR(summary_of(both[1], {}).deviation.item<double>() / (2 * deviation), 1, 1e-3) << z;
  }
}

// At a distance of z it falls like exp(-z x), x in deviations, of which the box is 1 / z wide.
TEST(SummaryTest, TheMeanInANarrowBoxIsRightHoweverFar) {
  GaussianMixture far = mixture(at::full({1}, -1e9F), at::full({1}, 1e3F));
  far.low = 0;
  far.high = 1e-3;
  const double share = 1 - 1 / std::expm1(1.0);
  EXPECT_NEAR(summary_of(far, {}).mean.item<double>() / (1e-3 * share), 1, 1e-5);
}

TEST(SummaryTest, ATransformIsUndone) {
  GaussianMixture lognormal =
      mixture(at::full({1}, 0.5, at::kFloat), at::full({1}, 0.4, at::kFloat));
  lognormal.transform.kind = worlds::TransformKind::kLog;
  const Summary found = summary_of(lognormal, {0.5});
  const double mean = std::exp(0.5 + 0.08);
  EXPECT_NEAR(found.mean.item<double>(), mean, 1e-5);
  EXPECT_NEAR(found.deviation.item<double>(), mean * std::sqrt(std::expm1(0.16)), 1e-5);
  EXPECT_NEAR(found.quantiles.item<double>(), std::exp(0.5), 1e-5);
}

TEST(SummaryTest, WhatLiesBeyondFloat32IsItsGreatestNumber) {
  constexpr double kMost = std::numeric_limits<float>::max();
  for (const auto kind : {worlds::TransformKind::kLog, worlds::TransformKind::kAsinh}) {
    GaussianMixture far = mixture(at::full({1}, 1000.F), at::ones({1}));
    far.transform.kind = kind;
    const Summary found = summary_of(far, {0.01, 0.99});
    EXPECT_EQ(found.mean.item<double>(), kMost);
    EXPECT_LT(found.deviation.item<double>(), 1e-6 * kMost);
    EXPECT_TRUE(found.quantiles.eq(kMost).all().item<bool>()) << found.quantiles;
  }
}

// Of both signs alike, exp 800 each.
TEST(SummaryTest, TheMeanOfWhatReachesTooFarBothWaysIsItsMiddle) {
  GaussianMixture wide = mixture(at::zeros({1}), at::full({1}, 40.F));
  wide.transform = {.kind = worlds::TransformKind::kAsinh, .offset = 3, .unit = 2};
  EXPECT_EQ(summary_of(wide, {}).mean.item<double>(), 3);
}

TEST(SummaryTest, TheFirstAndTheLastQuantileAreTheBounds) {
  GaussianMixture two = mixture(at::tensor({-1.F, 3.F}), at::tensor({0.5F, 2.F}));
  const auto ends = [&] { return summary_of(two, {0, 1}).quantiles; };
  EXPECT_TRUE(ends().equal(at::tensor({-INFINITY, INFINITY}, at::kDouble)));
  two.low = -4;
  EXPECT_TRUE(ends().equal(at::tensor({-4.0, double{INFINITY}}, at::kDouble)));
  two.low = -INFINITY;
  two.transform.kind = worlds::TransformKind::kLog;
  EXPECT_TRUE(ends().equal(at::tensor({0.0, double{INFINITY}}, at::kDouble)));
}

TEST(SummaryTest, SamplesAreSummedUpCellByCell) {
  const at::Tensor samples = at::tensor({1.F, 2.F, 3.F, 4.F}).view({4, 1}).expand({4, 2});
  const Summary found = summary_of(samples, {0.5, 1});
  EXPECT_TRUE(found.mean.equal(at::full({2}, 2.5, at::kDouble)));
  EXPECT_TRUE(at::allclose(found.deviation, at::full({2}, std::sqrt(1.25), at::kDouble)));
  EXPECT_TRUE(found.quantiles.equal(at::tensor({2.5, 4., 2.5, 4.}, at::kDouble).view({2, 2})));
  EXPECT_FALSE(summary_of(samples, {}).quantiles.defined());
}

}  // namespace
}  // namespace limbic::inference
