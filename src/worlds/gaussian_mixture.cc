#include "limbic/worlds/gaussian_mixture.h"

#include <cmath>

namespace limbic::worlds {
namespace {

Schema make_schema() {
  const double prior = kMixtureBound * kMixtureBound / 3;
  const auto [broad, narrow] = kMixtureDeviations;
  const double noise = (broad * broad + narrow * narrow) / 2;
  return Schema({{.name = "theta",
                  .num_cells = kMixtureDimensions,
                  .modality = "theta",
                  .scale = std::sqrt(prior),
                  .low = -kMixtureBound,
                  .high = kMixtureBound},
                 {.name = "x",
                  .num_cells = kMixtureDimensions,
                  .modality = "x",
                  .scale = std::sqrt(prior + noise)}},
                1);
}

}  // namespace

GaussianMixtureWorld::GaussianMixtureWorld(const SimulatorConfig& config)
    : Simulator(make_schema(), config), oracle_(schema()) {}

void GaussianMixtureWorld::simulate(std::span<double> row, const Stream& stream) const {
  const double deviation = kMixtureDeviations[stream.below(2, kMixtureDimensions)];
  for (int64_t d = 0; d < kMixtureDimensions; ++d) {
    row[d] = kMixtureBound * (2 * stream.uniform(d) - 1);
    row[kMixtureDimensions + d] = row[d] + deviation * stream.normal(d);
  }
}

}  // namespace limbic::worlds
