#include "limbic/worlds/standard_units.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "limbic/worlds/spline.h"

namespace limbic::worlds {
namespace {

const Transform kAsinh{.kind = TransformKind::kAsinh, .offset = 10, .unit = 2};
const Transform kLog{.kind = TransformKind::kLog};

const Transform kQuantile{
    .kind = TransformKind::kQuantile,
    .spline = std::make_shared<Spline>(std::vector<Knot>{{0, -2}, {2, 0}, {13, 2}})};

at::Tensor one(double x) { return at::full({1}, x, at::kDouble); }

TEST(TransformTest, IsWhatItsNameSays) {
  // asinh((13 - 10) / 2) = log(1.5 + sqrt(3.25))
  EXPECT_NEAR(transformed(kAsinh, one(13)).item<double>(), 1.1947632172871094, 1e-12);
  EXPECT_NEAR(kAsinh(13), 1.1947632172871094, 1e-12);
  EXPECT_NEAR(transformed(kLog, one(5)).item<double>(), 1.6094379124341003, 1e-12);
  EXPECT_NEAR(kLog(5), 1.6094379124341003, 1e-12);
  EXPECT_EQ(Transform{}(7), 7);
  EXPECT_EQ(kQuantile(2), 0);
}

TEST(TransformTest, GoesBackAndHasTheSlopeOfItsDifferences) {
  for (const Transform& transform : {Transform{}, kAsinh, kLog, kQuantile}) {
    for (const double x : {0.01, 1.0, 12.5, 4000.0}) {
      const double back = restored(transform, transformed(transform, one(x))).item<double>();
      EXPECT_NEAR(back, x, 1e-9 * x);
      const double h = 1e-5 * x;
      const double slope = (transform(x + h) - transform(x - h)) / (2 * h);
      EXPECT_NEAR(log_slope(transform, one(x)).item<double>(), std::log(slope), 1e-6) << x;
    }
  }
}

TEST(TransformTest, WhatLogCannotTakeIsFiniteInTensorsAndBelowEverythingAsABound) {
  EXPECT_TRUE(transformed(kLog, at::zeros({1})).isfinite().item<bool>());
  EXPECT_TRUE(log_slope(kLog, at::zeros({1})).isfinite().item<bool>());
  EXPECT_EQ(kLog(0), -HUGE_VAL);
}

// Knots of kQuantile end in slopes below 1, so what lies 1e38 beyond them lies further out in x.
TEST(TransformTest, GoesBackToWhatFloat32HoldsAndCanReadAgain) {
  constexpr float kLeast = std::numeric_limits<float>::min();
  constexpr float kMost = std::numeric_limits<float>::max();
  const Transform fine{.kind = TransformKind::kAsinh, .unit = 1e-3};
  for (const Transform& transform : {kAsinh, fine, kLog, kQuantile}) {
    const at::Tensor y = at::tensor({-2e38F, 2e38F});
    const at::Tensor x = restored(transform, y);
    EXPECT_EQ(x[0].item<float>(), transform.kind == TransformKind::kLog ? kLeast : -kMost);
    EXPECT_EQ(x[1].item<float>(), kMost);
    EXPECT_TRUE(restored(transform, y.to(at::kDouble)).equal(x.to(at::kDouble)));
    EXPECT_TRUE(transformed(transform, x).isfinite().all().item<bool>());
    EXPECT_TRUE(log_slope(transform, x).isfinite().all().item<bool>());
  }
}

TEST(TransformTest, AnInfiniteBoundStaysOne) {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const at::Tensor bounds = at::tensor({-kInfinity, kInfinity});
  for (const Transform& transform : {Transform{}, kAsinh, kQuantile})
    EXPECT_TRUE(restored(transform, bounds).equal(bounds));
  EXPECT_TRUE(restored(kLog, bounds).equal(at::tensor({0.F, kInfinity})));
}

TEST(StandardUnitsTest, AreOfTheTransformedNumber) {
  const Variable income{.name = "income", .center = 1, .scale = 4, .transform = kAsinh};
  EXPECT_NEAR(standard_units(income, one(13)).item<double>(), (1.1947632172871094 - 1) / 4, 1e-12);
}

}  // namespace
}  // namespace limbic::worlds
