#include "limbic/worlds/tree.h"

#include <array>
#include <cmath>
#include <string>

namespace limbic::worlds {
namespace {

Variable scalar(const std::string& name, double mean, double variance) {
  return {
      .name = name, .modality = name.substr(0, 1), .center = mean, .scale = std::sqrt(variance)};
}

// t2 and t3 have variance 2, so E cos(a t) = exp(-a^2): sin^2 = (1 - cos 2t) / 2 and
// cos^2 = (1 + cos 2t) / 2 vary by the variance of cos 2t over 4, and .1 t^2 varies by .08.
Schema make_schema() {
  const double cosine = std::exp(-4);
  const double variance = ((1 + std::exp(-16)) / 2 - cosine * cosine) / 4;
  return Schema({scalar("t1", 0, 1), scalar("t2", 0, 2), scalar("t3", 0, 2),
                 scalar("x1", (1 - cosine) / 2, variance + 0.04), scalar("x2", 0.2, 0.08 + 0.04),
                 scalar("x3", 0.2, 0.08 + 0.36), scalar("x4", (1 + cosine) / 2, variance + 0.01)},
                1);
}

}  // namespace

Tree::Tree(const SimulatorConfig& config) : Simulator(make_schema(), config), oracle_(schema()) {}

void Tree::simulate(std::span<double> row, const Stream& stream) const {
  std::array<float, 7> normals;
  stream.fill_normal(normals);
  row[0] = normals[0];
  row[1] = row[0] + normals[1];
  row[2] = row[0] + normals[2];
  for (size_t k = 0; k < kTreeLeaves.size(); ++k) {
    const TreeLeaf& leaf = kTreeLeaves[k];
    row[kFirstTreeLeaf + k] =
        leaf.mean(row[leaf.parent]) + leaf.deviation * normals[kFirstTreeLeaf + k];
  }
}

}  // namespace limbic::worlds
