#include "limbic/worlds/two_moons.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <numbers>
#include <utility>

#include "limbic/core/error.h"
#include "sweep_fixture.h"

namespace limbic::worlds {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

// Bits of cells: theta0, theta1, x0, x1 from the right.

constexpr double bound_of(int64_t cell) { return cell < 2 ? 1 : 1.7; }

TEST(TwoMoonsTest, GivesThePublishedFloors) {
  const TwoMoons world({});
  const Episodes episodes = draw_rows(world, 20000);
  const at::Tensor joint = log_density(world, episodes, 0b1111);
  expect_floor(joint, -2.963);
  expect_floor(joint - log_density(world, episodes, 0b0011), -4.349);
  const Episodes few = episodes.rows(0, 6000);
  expect_floor(log_density(world, few, 0b1111) - log_density(world, few, 0b1100), -3.800);
}

TEST(TwoMoonsTest, ARowHasTheDensityOfItsNoise) {
  const TwoMoons world({});
  Episodes row = draw_rows(world, 1);
  row.value[0].copy_(at::tensor({0.5, -0.25}).view({1, 1, 2}));
  const double s = 0.25 / std::numbers::sqrt2, d = -0.75 / std::numbers::sqrt2;
  // r = .11 in the direction (.6, .8)
  row.value[1].copy_(at::tensor({0.066 + 0.25 - s, 0.088 + d}).view({1, 1, 2}));
  const double normal = std::exp(-0.5) / (0.01 * std::sqrt(2 * std::numbers::pi));
  EXPECT_NEAR(log_density(world, row, 0b1111).item<double>(),
              std::log(normal / (std::numbers::pi * 0.11) / 4), 1e-4);
  row.value[1].select(2, 0).sub_(0.07);  // p0 < 0, where no angle leads
  EXPECT_EQ(log_density(world, row, 0b1111).item<double>(), -INFINITY);
}

TEST(TwoMoonsTest, EachMarginalIsTheIntegralOfOneWithACellMore) {
  const TwoMoons world({});
  const Episodes row = draw_rows(world, 1);
  for (int64_t known = 1; known < 15; ++known) {
    const bool is_smooth = std::popcount(static_cast<uint64_t>(known)) == 1;
    const int64_t num_steps = is_smooth ? 600 : 3000;
    for (int64_t cell = 0; cell < 4; ++cell) {
      if ((known >> cell & 1) == 0)
        expect_integral(world, row, known, {cell, bound_of(cell), num_steps}, 0.005);
    }
  }
}

TEST(TwoMoonsTest, ADiamondThatCutsTheNoiseCountsOnlyWhatIsInside) {
  const TwoMoons world({});
  Episodes row = draw_rows(world, 1);
  // A side, the upper corner, and the two other corners of the triangle.
  for (const auto& [x0, x1] : {std::pair{0.32, 0.1}, {-1.08, 0.03}, {0.25, 1.38}, {0.251, -1.4}}) {
    SCOPED_TRACE(concat(x0, " ", x1));
    row.value[1].copy_(at::tensor({x0, x1}).view({1, 1, 2}));
    expect_integral(world, row, 0b1100, {0, bound_of(0), 3000}, 0.005);
  }
}

TEST(TwoMoonsTest, CompletedRowsAreRowsOfTheWorld) {
  const TwoMoons world({});
  const Episodes rows = draw_rows(world, 500), others = draw_rows(world, 1000).rows(500, 1000);
  const at::Tensor expected = log_density(world, others, 0b1111);
  for (int64_t known = 0; known < 15; ++known) {
    const at::Tensor mask = cells_of(rows, known);
    const Episodes completed =
        world.oracle()->sample(rows, {mask, mask.logical_not()}, Stream(known));
    const at::Tensor found = log_density(world, completed, 0b1111);
    const double error = std::sqrt((found.var() + expected.var()).item<double>() / 500);
    EXPECT_NEAR(found.mean().item<double>(), expected.mean().item<double>(), 4 * error) << known;
    for (const int64_t i : {0, 1}) {
      const at::Tensor kept = mask.narrow(2, 2 * i, 2);
      EXPECT_TRUE(completed.value[i].masked_select(kept).equal(rows.value[i].masked_select(kept)));
    }
  }
}

TEST(TwoMoonsTest, SamplesFollowTheirDensity) {
  const TwoMoons world({});
  const Episodes row = draw_rows(world, 1);
  for (const auto& [known, cell] : {std::pair{0b1100, 0},
                                    {0b0111, 3},
                                    {0b1110, 0},
                                    {0b0101, 1},
                                    {0b1010, 2},
                                    {0b0100, 0},
                                    {0b1000, 1}}) {
    const Sweep sweep{cell, bound_of(cell), 1000};
    expect_samples_follow(world, row, known, sweep, /*num_samples=*/1000, 0.01);
  }
}

TEST(TwoMoonsTest, ImpossibleRowsHaveNoDensityAndNoSamples) {
  const TwoMoons world({});
  Episodes row = draw_rows(world, 1);
  row.value[1].fill_(5);
  const at::Tensor mask = cells_of(row, 0b1100);
  EXPECT_EQ(log_density(world, row, 0b1100).item<double>(), -INFINITY);
  EXPECT_THAT(
      [&] {
        (void)world.oracle()->sample(row, {mask, mask.logical_not()}, Stream(1));
      },
      ThrowsMessage<c10::Error>(HasSubstr("what is known has density 0")));
  row.value[0].fill_(1.5);
  EXPECT_EQ(log_density(world, row, 0b0001).item<double>(), -INFINITY);
}

}  // namespace
}  // namespace limbic::worlds
