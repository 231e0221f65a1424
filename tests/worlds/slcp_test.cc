#include "limbic/worlds/slcp.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <utility>

#include "limbic/worlds/normal_box.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kCells = 13;  // theta0 to theta4, then x
constexpr int64_t kTheta = 0x1f, kX = 0x1fe0, kAll = kTheta | kX;

Episodes draw(int64_t num_rows) {
  return Slcp({}).draw({.regime = "rows", .num_rows = num_rows}, Stream(3));
}

/// The cells whose bits are set, in all rows.
at::Tensor cells(const Episodes& episodes, int64_t bits) {
  at::Tensor mask_BTV = at::zeros_like(episodes.present_BTV);
  for (int64_t i = 0; i < kCells; ++i) mask_BTV.select(2, i).fill_((bits >> i & 1) != 0);
  return mask_BTV;
}

at::Tensor log_density(const Episodes& episodes, int64_t known) {
  const Slcp world({});
  return world.oracle()->log_prob(episodes, {cells(episodes, 0), cells(episodes, known)});
}

at::Tensor cell_of(const Episodes& episodes, int64_t cell) {
  return cell < 5 ? episodes.value[0].select(2, cell) : episodes.value[1].select(2, cell - 5);
}

/// A row many times, with cell `cell` at even steps in [-bound, bound].
Episodes sweep(const Episodes& row, int64_t cell, double bound, int64_t num_steps) {
  Episodes many = repeat_rows(row, num_steps);
  const at::Tensor steps = at::arange(num_steps, at::kDouble).add(0.5).div(num_steps);
  cell_of(many, cell).select(1, 0).copy_(bound * (2 * steps - 1));
  return many;
}

/// A row of moderate spread, in which cells matter to each other and the box cuts.
Episodes moderate_row() {
  Episodes row = draw(1);
  row.value[0].copy_(at::tensor({2.1, -0.4, -1.1, 0.9, 0.8}).view({1, 1, 5}));
  row.value[1].copy_(at::tensor({3.4, 0.5, 1.3, -1.2, 2.9, -0.1, 2.2, -0.6}).view({1, 1, 8}));
  return row;
}

void expect_floor(const at::Tensor& log_prob_B, double floor) {
  const double error = log_prob_B.std().item<double>() / std::sqrt(log_prob_B.numel());
  EXPECT_NEAR(-log_prob_B.mean().item<double>(), floor, 4 * error + 0.0005) << "s.e. " << error;
}

TEST(SlcpTest, GivesThePublishedFloors) {
  const at::Tensor joint = log_density(draw(40000), kAll);
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
  EXPECT_NEAR(log_density(row, kAll).item<double>(), expected, 1e-4);
}

TEST(SlcpTest, EachMarginalIsTheIntegralOfOneWithACellMore) {
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
    const bool is_theta = cell < 5;
    const double bound = is_theta ? 3 : 20;
    const int64_t num_steps = is_theta ? 240 : 4000;
    const at::Tensor more = log_density(sweep(row, cell, bound, num_steps), known | 1 << cell);
    const double sum = more.exp().sum().item<double>() * 2 * bound / num_steps;
    EXPECT_NEAR(log_density(row, known).item<double>(), std::log(sum), 0.002)
        << std::hex << known << " + " << cell;
  }
}

TEST(SlcpTest, TheSignsOfTheSpreadsDoNotMatter) {
  Episodes row = moderate_row();
  const double before = log_density(row, kAll).item<double>();
  row.value[0].narrow(2, 2, 2).neg_();
  EXPECT_EQ(log_density(row, kAll).item<double>(), before);
  row.value[0].select(2, 4).neg_();
  EXPECT_LT(log_density(row, kAll).item<double>(), before - 1);
}

TEST(SlcpTest, NothingButADrawKnownWholeTellsOfTheCorrelation) {
  const Episodes row = moderate_row();
  const auto told = [&](int64_t known) {
    return (log_density(row, known | 0x10) - log_density(row, known)).item<double>();
  };
  EXPECT_NEAR(told(0x0aa3), -std::log(6), 1e-9);
  EXPECT_GT(std::abs(told(0x0be3) + std::log(6)), 0.01);
}

TEST(SlcpTest, CompletedRowsAreRowsOfTheWorld) {
  const Episodes rows = draw(1000);
  const Slcp world({});
  const at::Tensor expected = log_density(rows, kAll);
  for (const int64_t known : {kX, kX | 0x4, kX | 0x3, kX & ~0x20, kTheta, int64_t{0x12c}}) {
    const int64_t num = known == kX || known == (kX & ~0x20) ? 50 : 1000;
    const Episodes some = rows.rows(0, num);
    const at::Tensor mask = cells(some, known);
    const Episodes completed =
        world.oracle()->sample(some, {mask, mask.logical_not()}, Stream(known));
    // Paired: both are near to what is known.
    const at::Tensor gain = log_density(completed, kAll) - expected.narrow(0, 0, num);
    EXPECT_NEAR(gain.mean().item<double>(), 0, 4 * gain.std().item<double>() / std::sqrt(num))
        << std::hex << known;
    EXPECT_LE(completed.value[0].abs().max().item<double>(), 3);
  }
}

TEST(SlcpTest, SamplesFollowTheirDensity) {
  constexpr int64_t kSamples = 500;
  const Slcp world({});
  const Episodes row = moderate_row(), many = repeat_rows(row, kSamples);
  const std::array<std::pair<int64_t, int64_t>, 8> cases{{{kX | 0x7, 3},
                                                          {kX | 0xf, 4},
                                                          {kX | 0x1c, 0},
                                                          {kX | 0xc, 4},
                                                          {kX | 0x13, 2},
                                                          {kX | 0x1d, 1},
                                                          {kAll & ~0x20, 5},
                                                          {kAll & ~0x1000, 12}}};
  for (const auto& [known, cell] : cases) {
    const double bound = cell < 5 ? 3 : 10;
    const int64_t num_steps = cell < 5 ? 300 : 2000;
    const at::Tensor mask = cells(many, known);
    const Episodes drawn = world.oracle()->sample(many, {mask, mask.logical_not()}, Stream(known));
    const at::Tensor more = log_density(sweep(row, cell, bound, num_steps), known | 1 << cell);
    const at::Tensor cdf = more.exp().cumsum(0);
    const at::Tensor place = (cell_of(drawn, cell).flatten() + bound) / (2 * bound);
    const at::Tensor step = (place * num_steps).to(at::kLong).clamp(0, num_steps - 1);
    const at::Tensor ranks = std::get<0>((cdf / cdf[-1]).take(step).sort());
    const at::Tensor even = at::arange(kSamples, at::kDouble).add(0.5).div(kSamples);
    EXPECT_LT((ranks - even).abs().max().item<double>(), 1.95 / std::sqrt(kSamples) + 0.02)
        << std::hex << known << " + " << cell;
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
