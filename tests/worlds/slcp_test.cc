#include "limbic/worlds/slcp.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "limbic/worlds/normal_box.h"
#include "sweep_fixture.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kTheta = 0x1f, kX = 0x1fe0, kAll = kTheta | kX;  // theta0 to theta4, then x

/// A row of moderate spread, in which cells matter to each other and the box cuts.
Episodes moderate_row() {
  Episodes row = draw_rows(Slcp({}), 1);
  row.value[0].copy_(at::tensor({2.1, -0.4, -1.1, 0.9, 0.8}).view({1, 1, 5}));
  row.value[1].copy_(at::tensor({3.4, 0.5, 1.3, -1.2, 2.9, -0.1, 2.2, -0.6}).view({1, 1, 8}));
  return row;
}

TEST(SlcpTest, GivesThePublishedFloors) {
  const Slcp world({});
  const at::Tensor joint = log_density(world, draw_rows(world, 40000), kAll);
  expect_floor(joint, 18.432);
  expect_floor(joint + 5 * std::log(6), 9.473);
}

TEST(SlcpTest, ARowHasTheDensityOfFourNormals) {
  const Episodes row = moderate_row();
  const double s1 = 1.1 * 1.1, s2 = 0.9 * 0.9, rho = std::tanh(0.8);
  const double a = s1 * s1 + 1e-6, b = s2 * s2 + 1e-6, c = rho * s1 * s2, det = a * b - c * c;
  double expected = -5 * std::log(6);
  for (int64_t i = 0; i < 4; ++i) {
    const double x = row.value[1][0][0][2 * i].item<double>() - 2.1;
    const double y = row.value[1][0][0][2 * i + 1].item<double>() + 0.4;
    expected -= 0.5 * (b * x * x - 2 * c * x * y + a * y * y) / det +
                std::log(2 * std::numbers::pi * std::sqrt(det));
  }
  EXPECT_NEAR(log_density(Slcp({}), row, kAll).item<double>(), expected, 1e-4);
}

TEST(SlcpTest, EachMarginalIsTheIntegralOfOneWithACellMore) {
  const Slcp world({});
  const Episodes row = moderate_row();
  const std::array<std::pair<int64_t, int64_t>, 14> cases{{{kAll & ~0x1, 0},
                                                           {kAll & ~0x3, 1},
                                                           {kAll & ~0x4, 2},
                                                           {kAll & ~0x8, 3},
                                                           {kAll & ~0x10, 4},
                                                           {kAll & ~0x20, 5},
                                                           {kAll & ~0x30, 4},
                                                           {kAll & ~0x14, 2},
                                                           {kAll & ~0x7, 0},
                                                           {kX & ~0x60, 2},
                                                           {kX | 0x3, 4},
                                                           {kX | 0x8, 4},
                                                           {0x0a40, 3},
                                                           {0x0a61, 4}}};
  for (const auto& [known, cell] : cases) {
    const Sweep sweep = cell < 5 ? Sweep{cell, 3, 240} : Sweep{cell, 20, 4000};
    expect_integral(world, row, known, sweep, 0.002);
  }
}

TEST(SlcpTest, TheSignsOfTheSpreadsDoNotMatter) {
  Episodes row = moderate_row();
  const auto density = [&] { return log_density(Slcp({}), row, kAll).item<double>(); };
  const double before = density();
  row.value[0].narrow(2, 2, 2).neg_();
  EXPECT_EQ(density(), before);
  row.value[0].select(2, 4).neg_();
  EXPECT_LT(density(), before - 1);
}

TEST(SlcpTest, NothingButADrawKnownWholeTellsOfTheCorrelation) {
  const Slcp world({});
  const Episodes row = moderate_row();
  const auto told = [&](int64_t known) {
    return (log_density(world, row, known | 0x10) - log_density(world, row, known)).item<double>();
  };
  EXPECT_NEAR(told(0x0aa3), -std::log(6), 1e-9);
  EXPECT_GT(std::abs(told(0x0be3) + std::log(6)), 0.01);
}

TEST(SlcpTest, CompletedRowsAreRowsOfTheWorld) {
  const Slcp world({});
  const Episodes rows = draw_rows(world, 1000);
  const at::Tensor expected = log_density(world, rows, kAll);
  for (const int64_t known : {kX, kX | 0x4, kX | 0x3, kX & ~0x20, kTheta, int64_t{0x12c}}) {
    const int64_t num = known == kX || known == (kX & ~0x20) ? 50 : 1000;
    const Episodes some = rows.rows(0, num);
    const at::Tensor mask = cells_of(some, known);
    const Episodes completed =
        world.oracle()->sample(some, {mask, mask.logical_not()}, Stream(known));
    // Paired: both are near to what is known.
    const at::Tensor gain = log_density(world, completed, kAll) - expected.narrow(0, 0, num);
    EXPECT_NEAR(gain.mean().item<double>(), 0, 4 * gain.std().item<double>() / std::sqrt(num))
        << std::hex << known;
    EXPECT_LE(completed.value[0].abs().max().item<double>(), 3);
  }
}

TEST(SlcpTest, SamplesFollowTheirDensity) {
  const Slcp world({});
  const Episodes row = moderate_row();
  const std::array<std::pair<int64_t, int64_t>, 9> cases{{{kX | 0x7, 3},
                                                          {kX | 0xf, 4},
                                                          {kX | 0x1c, 0},
                                                          {kX | 0xc, 4},
                                                          {kX | 0x13, 2},
                                                          {kX | 0x1d, 1},
                                                          {kAll & ~0x20, 5},
                                                          {kAll & ~0x1000, 12},
                                                          {0x0a40, 2}}};
  for (const auto& [known, cell] : cases) {
    const Sweep sweep = cell < 5 ? Sweep{cell, 3, 300} : Sweep{cell, 10, 2000};
    expect_samples_follow(world, row, known, sweep, /*num_samples=*/500, 0.02);
  }
}

TEST(NormalBoxTest, GivesKnownProbabilities) {
  EXPECT_NEAR(log_normal_in({-1, 1}), std::log(0.682689492137086), 1e-12);
  EXPECT_NEAR(log_normal_in({40, 50}), -804.608442, 1e-3);
  EXPECT_NEAR(log_normal_in({-50, -40}), -804.608442, 1e-3);
  // An orthant: 1/4 + asin(correlation) / (2 pi).
  for (const double correlation : {-0.99, -0.5, 0.0, 0.3, 0.95}) {
    const double orthant = 0.25 + std::asin(correlation) / (2 * std::numbers::pi);
    EXPECT_NEAR(log_normal_in({0, 9}, {-9, 0}, -correlation), std::log(orthant), 1e-6);
  }
  EXPECT_EQ(log_normal_in({-9, 9}, {-8, 8}, 0.9), 0);
}

}  // namespace
}  // namespace limbic::worlds
