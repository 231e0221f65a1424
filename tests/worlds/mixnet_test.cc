#include "limbic/worlds/mixnet.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <numbers>
#include <string>
#include <vector>

#include "limbic/worlds/image.h"
#include "limbic/worlds/normal.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kC = 0, kB = 1, kY = 2, kV = 3, kS = 4, kImage = 5;

/// Observes whole variables and asks for the rest.
Roles given(const Mixnet& world, const Episodes& episodes, const std::vector<int64_t>& variables) {
  at::Tensor observed = at::zeros_like(episodes.present_BTV);
  for (const int64_t i : variables)
    observed.narrow(2, world.schema().offset(i), world.schema()[i].num_cells).fill_(true);
  return {observed, observed.logical_not()};
}

TEST(MixnetTest, GivesTheFloorsOfTheTable) {
  const Mixnet world({});
  const Episodes many = draw_rows(world, 10000), some = many.rows(0, 4000);
  expect_floor(world, many, given(world, many, {}), 23.38, 0.03);
  expect_floor(world, many, given(world, many, {kC, kB}), 21.85, 0.03);
  expect_floor(world, many, given(world, many, {kS}), 16.68, 0.03);
  expect_floor(world, some, given(world, some, {kImage}), 7.66, 0.01);
  expect_floor(world, some, random_roles(some, 0.5), 10.30, 0.02);
}

TEST(MixnetTest, CellsOfOnePixelChangeNothingButTheMask) {
  const Mixnet coarse({}), fine({.pixels = true});
  const Episodes a = draw_rows(coarse, 3), b = draw_rows(fine, 3);
  const at::Tensor image = image_from_cells(coarse.schema()[kImage], a.value[kImage][1].squeeze(0));
  EXPECT_TRUE(image.flatten().equal(b.value[kImage][1].flatten()));
  for (const std::vector<int64_t>& known : {std::vector<int64_t>{}, {kImage}, {kY, kS}}) {
    const at::Tensor of_a = coarse.oracle()->log_prob(a, given(coarse, a, known));
    EXPECT_TRUE(at::allclose(of_a, fine.oracle()->log_prob(b, given(fine, b, known)), 0, 1e-9));
  }
}

TEST(MixnetTest, ImagesAreRowStripesColumnStripesOrChecks) {
  const Mixnet world({.pixels = true});
  const Episodes episodes = draw_rows(world, 60);
  for (int64_t b = 0; b < 60; ++b) {
    const at::Tensor image = episodes.value[kImage][b].view({8, 8});
    const auto along = [&](int64_t row, int64_t column) {  // with the pixel one row or column on
      return (image.narrow(0, 0, 7).narrow(1, 0, 7) * image.narrow(0, row, 7).narrow(1, column, 7))
                 .mean()
                 .item<double>() > 0;
    };
    const auto c = episodes.value[kC][b].item<int64_t>();
    EXPECT_EQ(along(1, 0), c == 1);
    EXPECT_EQ(along(0, 1), c == 0);
    EXPECT_EQ(along(1, 1), c == 2);
  }
}

/// p(known) by sums over everything that is not, straight from the definition; of the image only
/// pixel 5 (row 0, column 5) is known.
double brute_force(double v0, double v1, int64_t s1, int64_t s4, double pixel) {
  constexpr std::array<double, 3> kPixel5{1, -1, -1};
  double total = 0;
  for (int64_t branch = 0; branch < 6; ++branch) {
    const int64_t c = branch / 2, b = branch % 2;
    const std::array<double, 3> share{0.5, 0.3, 0.2}, bit{0.2, 0.5, 0.9};
    double tokens = 0;
    for (int64_t chain = 0; chain < 4096; ++chain) {
      std::array<int64_t, 6> s;
      for (int64_t i = 0; i < 6; ++i) s[i] = chain >> (2 * i) & 3;
      double p = s[1] == s1 && s[4] == s4 ? 0.25 : 0;
      for (int64_t i = 1; i < 6; ++i) {
        const bool same = s[i] == s[i - 1], on = s[i] == (s[i - 1] + 1) % 4;
        p *= same ? (b ? 0.1 : 0.7) : on ? (b ? 0.7 : 0.1) : 0.1;
      }
      tokens += p;
    }
    double integral = 0;
    for (double y = -8; y < 10; y += 0.004) {
      integral += 0.004 * std::exp(log_normal(y, 2.0 * c - 2 + 1.5 * b, 0.5) +
                                   log_normal(pixel, (1 + 0.5 * std::tanh(y)) * kPixel5[c], 0.3));
    }
    const double a0 = v0 - 2 * std::cos(2 * std::numbers::pi * c / 3),
                 a1 = v1 - 2 * std::sin(2 * std::numbers::pi * c / 3);
    const double determinant = 0.25 * 0.25 - 0.15 * 0.15;
    const double form = (0.25 * a0 * a0 - 2 * 0.15 * a0 * a1 + 0.25 * a1 * a1) / determinant;
    const double v = std::exp(-0.5 * form) / (2 * std::numbers::pi * std::sqrt(determinant));
    total += share[c] * (b ? bit[c] : 1 - bit[c]) * v * tokens * integral;
  }
  return std::log(total);
}

TEST(MixnetTest, MarginalsAreThoseByBruteForce) {
  const Mixnet world({.pixels = true});
  const Schema& schema = world.schema();
  const Episodes episodes = draw_rows(world, 2);
  at::Tensor asked = at::zeros_like(episodes.present_BTV);
  for (const int64_t cell : {schema.offset(kV), schema.offset(kS) + 1, schema.offset(kS) + 4,
                             schema.offset(kImage) + 5}) {
    asked.select(2, cell).fill_(true);
  }
  const at::Tensor found = world.oracle()->log_prob(episodes, {at::zeros_like(asked), asked});
  for (int64_t b = 0; b < 2; ++b) {
    const auto number = [&](int64_t i, int64_t cell, int64_t k) {
      return episodes.value[i][b].flatten()[cell + k].item<double>();
    };
    const auto s1 = episodes.value[kS][b].flatten()[1].item<int64_t>(),
               s4 = episodes.value[kS][b].flatten()[4].item<int64_t>();
    EXPECT_NEAR(found[b].item<double>(),
                brute_force(number(kV, 0, 0), number(kV, 0, 1), s1, s4, number(kImage, 5, 0)),
                1e-6);
  }
}

/// The densities of one cell, given others at random, at `values` of it: [rows, values].
at::Tensor densities(const Mixnet& world, const Episodes& rows, int64_t variable, int64_t cell,
                     const at::Tensor& values) {
  const int64_t place = world.schema().offset(variable) + cell, num = values.numel();
  at::Tensor observed = random_roles(rows, 0.5).observed_BTV;
  observed.select(2, place).fill_(false);
  at::Tensor asked = at::zeros_like(observed);
  asked.select(2, place).fill_(true);
  Episodes many = repeat_rows(rows, num);
  many.value[variable].select(2, cell).copy_(values.repeat(rows.num_rows()).unsqueeze(1));
  const Roles roles{observed.repeat_interleave(num, 0), asked.repeat_interleave(num, 0)};
  return world.oracle()->log_prob(many, roles).exp().view({-1, num});
}

TEST(MixnetTest, WhateverIsGivenDensitiesSumToOne) {
  const Mixnet world({.pixels = true});
  const Episodes rows = draw_rows(world, 6);
  const auto expect_one = [&](int64_t variable, int64_t cell, const at::Tensor& values,
                              double step) {
    const at::Tensor sum = step * densities(world, rows, variable, cell, values).sum(1);
    EXPECT_TRUE(at::allclose(sum, at::ones_like(sum), 0, 1e-6)) << variable << ' ' << sum;
  };
  expect_one(kC, 0, at::arange(3), 1);
  expect_one(kB, 0, at::arange(2), 1);
  expect_one(kS, 3, at::arange(4), 1);
  expect_one(kY, 0, at::arange(-5, 7, 0.05), 0.05);
  expect_one(kImage, 20, at::arange(-4, 4, 0.1), 0.1);
}

TEST(MixnetTest, CompletionsKeepTheJointLaw) {
  const Mixnet world({});
  const Episodes rows = draw_rows(world, 2500);
  const Roles roles = random_roles(rows, 0.5);
  const Episodes completed = world.oracle()->sample(rows, roles, Stream(8));
  EXPECT_TRUE(completed.value[kS]
                  .masked_select(roles.observed_BTV.narrow(2, 4, 6))
                  .equal(rows.value[kS].masked_select(roles.observed_BTV.narrow(2, 4, 6))));
  for (const std::vector<int64_t>& known : {std::vector<int64_t>{}, {kC, kB}, {kImage}, {kY}}) {
    const at::Tensor before = world.oracle()->log_prob(rows, given(world, rows, known)),
                     after = world.oracle()->log_prob(completed, given(world, completed, known));
    const double error = (after - before).std().item<double>() / std::sqrt(rows.num_rows());
    EXPECT_NEAR((after - before).mean().item<double>(), 0, 4 * error) << error;
  }
}

TEST(MixnetTest, SamplesOfYFollowItsPosterior) {
  const Mixnet world({});
  // Where the contrast is steep the image tells most of y.
  const auto row = draw_rows(world, 40).value[kY].flatten().abs().argmin().item<int64_t>();
  for (const std::vector<int64_t>& known : {std::vector<int64_t>{kImage}, {kS}}) {
    const Episodes rows = repeat_rows(draw_rows(world, 40).rows(row, row + 1), 4000);
    const Roles roles = given(world, rows, known);
    const Episodes sampled = world.oracle()->sample(rows, roles, Stream(8));
    const at::Tensor y = std::get<0>(sampled.value[kY].flatten().to(at::kDouble).sort());
    const at::Tensor grid = at::arange(-5, 7, 0.01);
    Episodes scan = repeat_rows(rows.rows(0, 1), grid.numel());
    scan.value[kY].copy_(grid.view({-1, 1, 1}));
    Roles ask = given(world, scan, known);
    ask.asked_BTV.fill_(false).select(2, kY).fill_(true);
    const at::Tensor density = world.oracle()->log_prob(scan, ask).exp();
    const at::Tensor below = 0.01 * (density.cumsum(0) - 0.5 * density);
    const at::Tensor left = at::searchsorted(y, grid.to(at::kDouble)).to(at::kDouble) / y.numel();
    EXPECT_LT((left - below).abs().max().item<double>(), 1.8 / std::sqrt(y.numel()));
  }
}

TEST(MixnetTest, SamplesOfVHaveItsMeanAndCovariance) {
  const Mixnet world({});
  Episodes rows = repeat_rows(draw_rows(world, 1), 4000);
  rows.value[kC].fill_(1);
  at::Tensor observed = at::zeros_like(rows.present_BTV);
  observed.select(2, kC).fill_(true);
  const Roles roles{observed, observed.logical_not()};
  const at::Tensor v = world.oracle()->sample(rows, roles, Stream(8)).value[kV].view({-1, 2});
  const double third = 2 * std::numbers::pi / 3;
  const at::Tensor mean = at::tensor({2 * std::cos(third), 2 * std::sin(third)}, at::kFloat);
  const at::Tensor covariance = at::tensor({0.25, 0.15, 0.15, 0.25}, at::kFloat).view({2, 2});
  EXPECT_TRUE(at::allclose(v.mean(0), mean, 0, 0.035)) << v.mean(0);
  EXPECT_TRUE(at::allclose(v.t().cov(), covariance, 0, 0.025)) << v.t().cov();
}

}  // namespace
}  // namespace limbic::worlds
