#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "limbic/worlds/world.h"

namespace limbic::worlds {

inline Episodes draw_rows(const World& world, int64_t num_rows) {
  return world.draw({.regime = "rows", .num_rows = num_rows}, Stream(3));
}

/// Observes the same cells of every row, by number, and asks for `asked`: bool [V] each.
inline Roles same_roles(const Episodes& episodes, const std::vector<int64_t>& observed,
                        const std::vector<int64_t>& asked) {
  Roles roles{at::zeros_like(episodes.present_BTV), at::zeros_like(episodes.present_BTV)};
  for (const int64_t cell : observed) roles.observed_BTV.select(2, cell).fill_(true);
  for (const int64_t cell : asked) roles.asked_BTV.select(2, cell).fill_(true);
  return roles;
}

/// Observes each cell with that probability and asks for the rest.
inline Roles random_roles(const Episodes& episodes, double probability) {
  const at::Tensor observed = Stream(1).uniform(episodes.present_BTV.sizes()).lt(probability);
  return {observed, observed.logical_not()};
}

/// Mean of -log p over rows, within 4 standard errors; the floor may have one too.
inline void expect_floor(const at::Tensor& log_prob_B, double floor, double error_of_floor = 0) {
  const double error = log_prob_B.std().item<double>() / std::sqrt(log_prob_B.numel());
  EXPECT_NEAR(-log_prob_B.mean().item<double>(), floor,
              4 * std::hypot(error, error_of_floor) + 0.0005)
      << "s.e. " << error;
}

/// The same of p(asked | observed), over rows with something asked.
inline void expect_floor(const World& world, const Episodes& episodes, const Roles& roles,
                         double floor, double error_of_floor = 0) {
  const at::Tensor log_prob_B = world.oracle()->log_prob(episodes, roles);
  expect_floor(log_prob_B.masked_select(roles.asked_BTV.flatten(1).any(1)), floor, error_of_floor);
}

/// Given others at random, the density of one cell integrates to 1 over `values`, equally spaced.
/// (All marginals follow from the joint by such integrals; the chain rule holds of itself.)
inline void expect_sums_to_one(const World& world, int64_t variable, int64_t cell,
                               const at::Tensor& values) {
  constexpr int64_t kMasks = 5;
  const Schema& schema = world.schema();
  const int64_t place = schema.offset(variable) + cell, num = values.numel();
  const Episodes rows = draw_rows(world, kMasks);
  at::Tensor given = Stream(2).at(place).uniform(rows.present_BTV.sizes()).lt(0.5);
  given.select(2, place).fill_(false);
  Episodes many = repeat_rows(rows, num);
  many.value[variable].select(2, cell).copy_(values.repeat(kMasks).unsqueeze(1));
  at::Tensor asked = at::zeros_like(many.present_BTV);
  asked.select(2, place).fill_(true);
  const at::Tensor density =
      world.oracle()->log_prob(many, {given.repeat_interleave(num, 0), asked}).exp();
  const double step = (values[1] - values[0]).item<double>();
  const at::Tensor sum = step * density.view({kMasks, num}).sum(1);
  for (int64_t i = 0; i < kMasks; ++i)
    EXPECT_NEAR(sum[i].item<double>(), 1, 5e-5) << schema[variable].name << ' ' << cell << given[i];
}

/// Ranks 0 .. `greatest` are as frequent as each other, by Kolmogorov's distance.
inline void expect_even(const at::Tensor& rank, int64_t greatest, const std::string& what) {
  const at::Tensor share = at::bincount(rank, {}, greatest + 1).cumsum(0) / rank.numel();
  const at::Tensor due = at::arange(1, greatest + 2) / (greatest + 1.0);
  EXPECT_LT((share - due).abs().max().item<double>(), 1.8 / std::sqrt(rank.numel()))
      << what << ", " << rank.numel() << " rows";
}

/// Among completions of its own row, a true value's rank is even, and so is that of the row's
/// density.
inline void expect_calibrated(const World& world, const Episodes& episodes, const Roles& roles) {
  constexpr int64_t kTimes = 9;
  const Episodes many = repeat_rows(episodes, kTimes);
  const Roles given = repeat_rows(roles, kTimes);
  const Episodes sampled = world.oracle()->sample(many, given, Stream(8));
  const at::Tensor density = world.oracle()->log_prob(sampled, given).view({-1, kTimes});
  const at::Tensor true_density = world.oracle()->log_prob(episodes, roles).unsqueeze(1);
  const at::Tensor some_asked = roles.asked_BTV.flatten(1).any(1);
  expect_even(density.lt(true_density).sum(1).masked_select(some_asked), kTimes, "density");
  const Schema& schema = world.schema();
  for (int64_t i = 0; i < schema.size(); ++i) {
    const at::Tensor below = sampled.value[i].lt(many.value[i]).unflatten(0, {-1, kTimes}).sum(1);
    for (int64_t cell = 0; cell < schema[i].num_cells; ++cell) {
      const at::Tensor asked = roles.asked_BTV.select(2, schema.offset(i) + cell).flatten();
      const at::Tensor rank = below.select(2, cell).flatten().masked_select(asked);
      if (rank.numel() > 0)
        expect_even(rank, kTimes, schema[i].name + " cell " + std::to_string(cell));
    }
  }
}

}  // namespace limbic::worlds
