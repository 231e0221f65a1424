#include "limbic/worlds/standard_units.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>

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

TEST(StandardUnitsTest, AreOfTheTransformedNumber) {
  const Variable income{.name = "income", .center = 1, .scale = 4, .transform = kAsinh};
  EXPECT_NEAR(standard_units(income, one(13)).item<double>(), (1.1947632172871094 - 1) / 4, 1e-12);
}

}  // namespace
}  // namespace limbic::worlds
