#pragma once

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <ios>
#include <tuple>

#include "oracle_fixture.h"

/// Worlds of a few scalar cells at one tick; a set of cells is a number's bits.
namespace limbic::worlds {

/// The cells whose bits are set, in all rows.
inline at::Tensor cells_of(const Episodes& episodes, int64_t bits) {
  at::Tensor mask_BTV = at::zeros_like(episodes.present_BTV);
  for (int64_t i = 0; i < mask_BTV.size(2); ++i) mask_BTV.select(2, i).fill_((bits >> i & 1) != 0);
  return mask_BTV;
}

/// log p of what is known: [B].
inline at::Tensor log_density(const World& world, const Episodes& episodes, int64_t known) {
  return world.oracle()->log_prob(episodes, {cells_of(episodes, 0), cells_of(episodes, known)});
}

/// A cell at even steps within [-bound, bound].
struct Sweep {
  int64_t cell = 0;
  double bound = 0;
  int64_t num_steps = 0;

  /// The cell's value in each row: [B].
  [[nodiscard]] at::Tensor values(const World& world, const Episodes& episodes) const {
    const Schema& schema = world.schema();
    int64_t variable = 0;
    while (variable + 1 < schema.size() && schema.offset(variable + 1) <= cell) ++variable;
    return episodes.value[variable].select(2, cell - schema.offset(variable)).select(1, 0);
  }
  /// Densities of what is known of a row and of the cell at each step: [num_steps].
  [[nodiscard]] at::Tensor densities(const World& world, const Episodes& row, int64_t known) const {
    const Episodes many = repeat_rows(row, num_steps);
    const at::Tensor steps = at::arange(num_steps, at::kDouble).add(0.5).div(num_steps);
    values(world, many).copy_(bound * (2 * steps - 1));
    return log_density(world, many, known | int64_t{1} << cell).exp();
  }
};

/// The density of what is known is the integral of that with a cell more.
inline void expect_integral(const World& world, const Episodes& row, int64_t known,
                            const Sweep& sweep, double tolerance) {
  const double step = 2 * sweep.bound / static_cast<double>(sweep.num_steps);
  const double sum = sweep.densities(world, row, known).sum().item<double>() * step;
  EXPECT_NEAR(log_density(world, row, known).item<double>(), std::log(sum), tolerance)
      << std::hex << known << " + " << sweep.cell;
}

/// Samples of a cell, given what is known of a row, follow its density: by Kolmogorov's distance.
inline void expect_samples_follow(const World& world, const Episodes& row, int64_t known,
                                  const Sweep& sweep, int64_t num_samples, double slack) {
  const Episodes many = repeat_rows(row, num_samples);
  const at::Tensor mask = cells_of(many, known);
  const Episodes drawn = world.oracle()->sample(many, {mask, mask.logical_not()}, Stream(known));
  const at::Tensor cdf = sweep.densities(world, row, known).cumsum(0);
  const at::Tensor place = (sweep.values(world, drawn) / sweep.bound + 1) / 2;
  const at::Tensor step = (place * sweep.num_steps).to(at::kLong).clamp(0, sweep.num_steps - 1);
  const at::Tensor ranks = std::get<0>((cdf / cdf[-1]).take(step).sort());
  const at::Tensor even = at::arange(num_samples, at::kDouble).add(0.5).div(num_samples);
  EXPECT_LT((ranks - even).abs().max().item<double>(), 1.95 / std::sqrt(num_samples) + slack)
      << std::hex << known << " + " << sweep.cell;
}

}  // namespace limbic::worlds
