#include "limbic/worlds/hmm.h"

#include <cmath>
#include <vector>

namespace limbic::worlds {
namespace {

// t_i has variance v_i = (i + 1) step^2; x_i has mean v_i and second moment 3 v_i^2 + noise^2.
Schema make_schema(const HmmConfig& config) {
  const auto num = static_cast<double>(config.length);
  const double step = kHmmStep * kHmmStep;
  const double variance = step * (num + 1) / 2;
  const double squared = step * step * (num + 1) * (2 * num + 1) / 6;
  const double spread = 3 * squared + kHmmNoise * kHmmNoise - variance * variance;
  return Schema(
      {{.name = "t", .num_cells = config.length, .modality = "t", .scale = std::sqrt(variance)},
       {.name = "x",
        .num_cells = config.length,
        .modality = "x",
        .center = variance,
        .scale = std::sqrt(spread)}},
      1);
}

}  // namespace

Hmm::Hmm(const HmmConfig& config)
    : Simulator(make_schema(config), config.simulator),
      length_(config.length),
      oracle_(schema(), config.length) {}

void Hmm::simulate(std::span<double> row, const Stream& stream) const {
  std::vector<float> normals(2 * length_);
  stream.fill_normal(normals);
  double t = 0;
  for (int64_t i = 0; i < length_; ++i) {
    t += kHmmStep * normals[i];
    row[i] = t;
    row[length_ + i] = t * t + kHmmNoise * normals[length_ + i];
  }
}

}  // namespace limbic::worlds
