#include "limbic/worlds/slcp.h"

#include <array>
#include <cmath>

namespace limbic::worlds {
namespace {

Schema make_schema() {
  constexpr double kSquare = kSlcpBound * kSlcpBound;
  const Variable theta{.name = "theta",
                       .num_cells = 5,
                       .modality = "theta",
                       .scale = std::sqrt(kSquare / 3),
                       .low = -kSlcpBound,
                       .high = kSlcpBound};
  // Of theta0, and E theta2^4.
  const double variance = kSquare / 3 + kSquare * kSquare / 5 + SlcpSpread::kFloor;
  const Variable x{.name = "x", .num_cells = 8, .modality = "x", .scale = std::sqrt(variance)};
  return Schema({theta, x}, 1);
}

}  // namespace

Slcp::Slcp(const SimulatorConfig& config) : Simulator(make_schema(), config), oracle_(schema()) {}

void Slcp::simulate(std::span<double> row, const Stream& stream) const {
  for (int64_t i = 0; i < 5; ++i) row[i] = 2 * kSlcpBound * stream.uniform(i) - kSlcpBound;
  const SlcpSpread spread(row[2], row[3], row[4]);
  for (int64_t draw = 0; draw < 4; ++draw) {
    const auto [x, y] = spread.from_normals(stream.normal(2 * draw), stream.normal(2 * draw + 1));
    row[5 + 2 * draw] = row[0] + x;
    row[6 + 2 * draw] = row[1] + y;
  }
}

}  // namespace limbic::worlds
