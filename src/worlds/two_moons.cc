#include "limbic/worlds/two_moons.h"

#include <cmath>
#include <numbers>

namespace limbic::worlds {
namespace {

// Mean and variance are over both cells of x: E x0 = .2 / pi + .25 - sqrt(2) / 3, E x1 = 0.
Schema make_schema() {
  const Variable theta{.name = "theta",
                       .num_cells = 2,
                       .modality = "theta",
                       .scale = std::sqrt(1.0 / 3),
                       .low = -1,
                       .high = 1};
  const Variable x{
      .name = "x", .num_cells = 2, .modality = "x", .center = -0.0789, .scale = 0.4811};
  return Schema({theta, x}, 1);
}

}  // namespace

TwoMoons::TwoMoons(const SimulatorConfig& config)
    : Simulator(make_schema(), config), oracle_(schema()) {}

void TwoMoons::simulate(std::span<double> row, const Stream& stream) const {
  row[0] = 2 * stream.uniform(0) - 1;
  row[1] = 2 * stream.uniform(1) - 1;
  const double angle = std::numbers::pi * (stream.uniform(2) - 0.5);
  const double radius = two_moons::kRadius + two_moons::kWidth * stream.normal(0);
  row[2] = radius * std::cos(angle) + two_moons::kOffset -
           std::abs(row[0] + row[1]) / std::numbers::sqrt2;
  row[3] = radius * std::sin(angle) + (row[1] - row[0]) / std::numbers::sqrt2;
}

}  // namespace limbic::worlds
