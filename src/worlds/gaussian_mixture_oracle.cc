#include "limbic/worlds/gaussian_mixture_oracle.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "limbic/core/log_sum_exp.h"
#include "limbic/worlds/normal.h"

namespace limbic::worlds {
namespace {

// Mass of N(mean, deviation) below a bound; far below the mean it is small, not 0.
double mass_below(double bound, double mean, double deviation) {
  return 0.5 * std::erfc((mean - bound) / (deviation * std::numbers::sqrt2));
}

// Mass in the box. The box is symmetric, so a mean on its right will do: there masses are small
// numbers, not differences to 1.
double mass_in_box(double mean, double deviation) {
  mean = std::abs(mean);
  return mass_below(kMixtureBound, mean, deviation) - mass_below(-kMixtureBound, mean, deviation);
}

// Number in the box at quantile u of N(mean, deviation) cut to it.
double quantile_in_box(double mean, double deviation, double u) {
  const double wanted =
      mass_below(-kMixtureBound, std::abs(mean), deviation) + u * mass_in_box(mean, deviation);
  double low = -kMixtureBound, high = kMixtureBound;
  for (int i = 0; i < std::numeric_limits<double>::digits; ++i) {
    const double middle = (low + high) / 2;
    (mass_below(middle, std::abs(mean), deviation) < wanted ? low : high) = middle;
  }
  return std::copysign(1.0, mean) * low;
}

double log_of_component(double deviation, std::span<const double> row,
                        std::span<const uint8_t> known) {
  double sum = std::log(0.5);
  for (int64_t d = 0; d < kMixtureDimensions; ++d) {
    const double theta = row[d], x = row[kMixtureDimensions + d];
    const bool knows_theta = known[d] != 0, knows_x = known[kMixtureDimensions + d] != 0;
    if (knows_theta && std::abs(theta) > kMixtureBound)
      return -std::numeric_limits<double>::infinity();
    if (knows_theta || knows_x) sum -= std::log(2 * kMixtureBound);
    if (knows_theta && knows_x) sum += log_normal(x, theta, deviation);
    if (knows_x && !knows_theta) sum += std::log(mass_in_box(x, deviation));
  }
  return sum;
}

std::array<double, 2> logs_of_components(std::span<const double> row,
                                         std::span<const uint8_t> known) {
  return {log_of_component(kMixtureDeviations[0], row, known),
          log_of_component(kMixtureDeviations[1], row, known)};
}

}  // namespace

double GaussianMixtureOracle::log_density(std::span<const double> row,
                                          std::span<const uint8_t> known) const {
  return log_sum_exp<double>(logs_of_components(row, known));
}

RowOracle::Completion GaussianMixtureOracle::completion(const std::vector<double>& row,
                                                        const std::vector<uint8_t>& known) const {
  const auto [a, b] = logs_of_components(row, known);
  TORCH_CHECK(std::isfinite(std::max(a, b)),
              "what is observed of gaussian_mixture cannot happen "
              "together: log densities are ",
              a, " and ", b);
  const double share_of_first = 1 / (1 + std::exp(b - a));
  return [share_of_first, known](std::span<double> completed, const Stream& stream) {
    const bool is_first = stream.uniform(kMixtureDimensions) < share_of_first;
    const double deviation = kMixtureDeviations[is_first ? 0 : 1];
    for (int64_t d = 0; d < kMixtureDimensions; ++d) {
      double &theta = completed[d], &x = completed[kMixtureDimensions + d];
      const bool knows_theta = known[d] != 0, knows_x = known[kMixtureDimensions + d] != 0;
      const double u = stream.uniform(d);
      if (!knows_theta)
        theta = knows_x ? quantile_in_box(x, deviation, u) : kMixtureBound * (2 * u - 1);
      if (!knows_x) x = theta + deviation * stream.normal(d);
    }
  };
}

}  // namespace limbic::worlds
