#include "limbic/worlds/spline.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

at::Tensor one(double x) { return at::full({1}, x, at::kDouble); }

// Steep, then flat: secants 4, 1 and 1/4.
const std::vector<Knot> kKnots{{-1, -2}, {0, 2}, {2, 4}, {6, 5}};

TEST(SplineTest, GoesThroughItsKnotsAndBeyondThemStraightOn) {
  const Spline spline(kKnots);
  for (const Knot& knot : kKnots) EXPECT_NEAR(spline(one(knot.x)).item<double>(), knot.y, 1e-12);
  EXPECT_NEAR(spline(one(-3)).item<double>(), -2 - 2 * 1, 1e-12) << "as steep as the whole: 7 / 7";
  EXPECT_NEAR(spline(one(10)).item<double>(), 5 + 4 * 0.25, 1e-12);
  EXPECT_NEAR(spline.log_slope(one(-3)).item<double>(), 0, 1e-12);
  EXPECT_NEAR(spline.log_slope(one(0)).item<double>(), std::log(2), 1e-12)
      << "the secants' mean by their logs";
}

TEST(SplineTest, GoesBackAndHasTheSlopeOfItsDifferences) {
  const Spline spline(kKnots);
  const double h = 1e-6;
  for (const double x : {-5.0, -1.0, -0.9, -0.2, 0.3, 1.99, 2.5, 5.9, 40.0}) {
    EXPECT_NEAR(spline.inverse(spline(one(x))).item<double>(), x, 1e-9) << x;
    const double slope = (spline(one(x + h)) - spline(one(x - h))).item<double>() / (2 * h);
    EXPECT_NEAR(spline.log_slope(one(x)).item<double>(), std::log(slope), 1e-5) << x;
  }
}

TEST(SplineTest, KnotsThatDoNotRiseAreRefused) {
  for (const std::vector<Knot>& knots :
       {std::vector<Knot>{{0, 0}}, {{0, 0}, {1, 0}}, {{0, 1}, {1, 0}}}) {
    EXPECT_THAT([&] { const Spline spline(knots); },
                ThrowsMessage<c10::Error>(HasSubstr("two knots that rise")));
  }
}

TEST(NormalisingKnotsTest, GiveNumbersANormalDistribution) {
  const auto lognormal =
      (2 * at::special_ndtri((at::arange(2000) + 0.5).to(at::kDouble) / 2000)).exp();
  const double* const begin = lognormal.const_data_ptr<double>();
  const Spline spline(normalising_knots({begin, begin + lognormal.numel()}));
  const auto y = spline(lognormal);
  EXPECT_NEAR(y.mean().item<double>(), 0, 0.02);
  EXPECT_NEAR(y.std().item<double>(), 1, 0.02);
  EXPECT_NEAR(y.pow(4).mean().item<double>(), 3, 0.3);
}

TEST(NormalisingKnotsTest, NumbersOfOnePlaceAreOneKnot) {
  std::vector<double> numbers(60, 0.0);
  for (int i = 1; i <= 40; ++i) numbers.push_back(i);
  const auto knots = normalising_knots(numbers);
  EXPECT_EQ(knots[0].x, 0);
  EXPECT_GT(knots[1].x, 0);
  EXPECT_GT(knots[1].y, knots[0].y);
  EXPECT_LT(knots[0].y, -0.5) << "the mean of what the many zeros cover";
  const auto same = normalising_knots({3, 3, 3});
  EXPECT_EQ(Spline(same)(one(5)).item<double>(), 2);
}

}  // namespace
}  // namespace limbic::worlds
