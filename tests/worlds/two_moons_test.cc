#include "limbic/worlds/two_moons.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

constexpr int64_t kCells = 4;  // theta0, theta1, x0, x1

Episodes draw(int64_t num_rows) {
  return TwoMoons({}).draw({.regime = "rows", .num_rows = num_rows}, Stream(3));
}

/// The cells whose bits are set, in all rows.
at::Tensor cells(const Episodes& episodes, int64_t bits) {
  at::Tensor mask_BTV = at::zeros_like(episodes.present_BTV);
  for (int64_t i = 0; i < kCells; ++i) mask_BTV.select(2, i).fill_((bits >> i & 1) != 0);
  return mask_BTV;
}

at::Tensor log_density(const Episodes& episodes, int64_t known) {
  const TwoMoons world({});
  return world.oracle()->log_prob(episodes, {cells(episodes, 0), cells(episodes, known)});
}

void expect_floor(const at::Tensor& log_prob_B, double floor) {
  const double error = log_prob_B.std().item<double>() / std::sqrt(log_prob_B.numel());
  EXPECT_NEAR(-log_prob_B.mean().item<double>(), floor, 4 * error + 0.0005) << "s.e. " << error;
}

/// A row many times, with cell `cell` at even steps in [low, high].
Episodes sweep(const Episodes& row, int64_t cell, double low, double high, int64_t num_steps) {
  Episodes many = repeat_rows(row, num_steps);
  const at::Tensor steps = at::arange(num_steps, at::kDouble).add(0.5).div(num_steps);
  many.value[cell / 2].select(2, cell % 2).select(1, 0).copy_(low + (high - low) * steps);
  return many;
}

TEST(TwoMoonsTest, GivesThePublishedFloors) {
  const Episodes episodes = draw(20000);
  const at::Tensor joint = log_density(episodes, 0b1111);
  expect_floor(joint, -2.963);
  expect_floor(joint - log_density(episodes, 0b0011), -4.349);
  const Episodes few = episodes.rows(0, 6000);
  expect_floor(log_density(few, 0b1111) - log_density(few, 0b1100), -3.800);
}

TEST(TwoMoonsTest, ARowHasTheDensityOfItsNoise) {
  Episodes row = draw(1);
  row.value[0].copy_(at::tensor({0.5, -0.25}).view({1, 1, 2}));
  const double s = 0.25 / std::numbers::sqrt2, d = -0.75 / std::numbers::sqrt2;
  // r = .11 in the direction (.6, .8)
  row.value[1].copy_(at::tensor({0.066 + 0.25 - s, 0.088 + d}).view({1, 1, 2}));
  const double normal = std::exp(-0.5) / (0.01 * std::sqrt(2 * std::numbers::pi));
  EXPECT_NEAR(log_density(row, 0b1111).item<double>(),
              std::log(normal / (std::numbers::pi * 0.11) / 4), 1e-4);
  row.value[1].select(2, 0).sub_(0.07);  // p0 < 0, where no angle leads
  EXPECT_EQ(log_density(row, 0b1111).item<double>(), -INFINITY);
}

TEST(TwoMoonsTest, EachMarginalIsTheIntegralOfOneWithACellMore) {
  const Episodes row = draw(1);
  for (int64_t known = 1; known < 15; ++known) {
    const bool is_smooth = std::popcount(static_cast<uint64_t>(known)) == 1;
    const int64_t num_steps = is_smooth ? 600 : 3000;
    for (int64_t cell = 0; cell < kCells; ++cell) {
      if ((known >> cell & 1) != 0) continue;
      const double bound = cell < 2 ? 1 : 1.7;
      const at::Tensor more =
          log_density(sweep(row, cell, -bound, bound, num_steps), known | (1 << cell));
      const double sum = more.exp().sum().item<double>() * 2 * bound / num_steps;
      EXPECT_NEAR(log_density(row, known).item<double>(), std::log(sum), 0.005)
          << known << " + " << cell;
    }
  }
}

TEST(TwoMoonsTest, ADiamondThatCutsTheNoiseCountsOnlyWhatIsInside) {
  Episodes row = draw(1);
  // A side, the upper corner, and the two other corners of the triangle.
  for (const auto& [x0, x1] : {std::pair{0.32, 0.1}, {-1.08, 0.03}, {0.25, 1.38}, {0.251, -1.4}}) {
    row.value[1].copy_(at::tensor({x0, x1}).view({1, 1, 2}));
    const at::Tensor more = log_density(sweep(row, 0, -1, 1, 3000), 0b1101);
    const double sum = more.exp().sum().item<double>() * 2 / 3000;
    EXPECT_NEAR(log_density(row, 0b1100).item<double>(), std::log(sum), 0.005) << x0 << " " << x1;
  }
}

TEST(TwoMoonsTest, CompletedRowsAreRowsOfTheWorld) {
  const Episodes rows = draw(500), others = draw(1000).rows(500, 1000);
  const TwoMoons world({});
  const at::Tensor expected = log_density(others, 0b1111);
  for (int64_t known = 0; known < 15; ++known) {
    const at::Tensor mask = cells(rows, known);
    const Episodes completed =
        world.oracle()->sample(rows, {mask, mask.logical_not()}, Stream(known));
    const at::Tensor found = log_density(completed, 0b1111);
    const double error = std::sqrt((found.var() + expected.var()).item<double>() / 500);
    EXPECT_NEAR(found.mean().item<double>(), expected.mean().item<double>(), 4 * error) << known;
    for (const int64_t i : {0, 1}) {
      const at::Tensor kept = mask.narrow(2, 2 * i, 2);
      EXPECT_TRUE(completed.value[i].masked_select(kept).equal(rows.value[i].masked_select(kept)));
    }
  }
}

TEST(TwoMoonsTest, SamplesFollowTheirDensity) {
  constexpr int64_t kSteps = 1000, kSamples = 1000;
  const TwoMoons world({});
  const Episodes row = draw(1), many = repeat_rows(row, kSamples);
  for (const auto& [known, cell] : {std::pair{0b1100, 0},
                                    {0b0111, 3},
                                    {0b1110, 0},
                                    {0b0101, 1},
                                    {0b1010, 2},
                                    {0b0100, 0},
                                    {0b1000, 1}}) {
    const at::Tensor mask = cells(many, known);
    const Episodes drawn = world.oracle()->sample(many, {mask, mask.logical_not()}, Stream(known));
    const double bound = cell < 2 ? 1 : 1.7;
    const at::Tensor cdf =
        log_density(sweep(row, cell, -bound, bound, kSteps), known | (1 << cell)).exp().cumsum(0);
    const at::Tensor place = drawn.value[cell / 2].select(2, cell % 2).flatten();
    const at::Tensor step = ((place + bound) * (kSteps / (2 * bound))).to(at::kLong);
    const at::Tensor ranks = std::get<0>((cdf / cdf[-1]).take(step.clamp(0, kSteps - 1)).sort());
    const at::Tensor even = at::arange(kSamples, at::kDouble).add(0.5).div(kSamples);
    EXPECT_LT((ranks - even).abs().max().item<double>(), 1.95 / std::sqrt(kSamples) + 0.01)
        << known << " + " << cell;
  }
}

TEST(TwoMoonsTest, ImpossibleRowsHaveNoDensityAndNoSamples) {
  const TwoMoons world({});
  Episodes row = draw(1);
  row.value[1].fill_(5);
  const at::Tensor mask = cells(row, 0b1100);
  EXPECT_EQ(log_density(row, 0b1100).item<double>(), -INFINITY);
  EXPECT_THAT(
      [&] {
        (void)world.oracle()->sample(row, {mask, mask.logical_not()}, Stream(1));
      },
      ThrowsMessage<c10::Error>(HasSubstr("what is known has density 0")));
  row.value[0].fill_(1.5);
  EXPECT_EQ(log_density(row, 0b0001).item<double>(), -INFINITY);
}

}  // namespace
}  // namespace limbic::worlds
