#include "limbic/worlds/gaussian_linear.h"

#include <cmath>
#include <string>
#include <utility>
#include <vector>

namespace limbic::worlds {
namespace {

Variable scalars(const std::string& name, int64_t num_cells, double variance) {
  return {.name = name, .num_cells = num_cells, .modality = name, .scale = std::sqrt(variance)};
}

Schema make_schema(const GaussianLinearConfig& config) {
  return Schema({scalars("theta", config.dimensions, config.prior_variance),
                 scalars("x", config.dimensions, config.prior_variance + config.noise_variance)},
                1);
}

// theta_i and x_i covary; other pairs do not.
std::vector<double> make_covariance(const GaussianLinearConfig& config) {
  const int64_t num = config.dimensions, width = 2 * num;
  std::vector<double> covariance(width * width, 0.0);
  for (int64_t i = 0; i < num; ++i) {
    const int64_t theta = i, x = num + i;
    for (const auto& [a, b] : {std::pair{theta, theta}, {theta, x}, {x, theta}, {x, x}}) {
      covariance[a * width + b] = config.prior_variance;
    }
    covariance[x * width + x] += config.noise_variance;
  }
  return covariance;
}

}  // namespace

GaussianLinear::GaussianLinear(const GaussianLinearConfig& config)
    : Simulator(make_schema(config), config.simulator),
      config_(config),
      oracle_(schema(), std::vector<double>(2 * config.dimensions, 0.0), make_covariance(config)) {}

void GaussianLinear::simulate(std::span<double> row, const Stream& stream) const {
  const int64_t num = config_.dimensions;
  std::vector<float> normals(2 * num);
  stream.fill_normal(normals);
  for (int64_t i = 0; i < num; ++i) {
    row[i] = std::sqrt(config_.prior_variance) * normals[i];
    row[num + i] = row[i] + std::sqrt(config_.noise_variance) * normals[num + i];
  }
}

}  // namespace limbic::worlds
