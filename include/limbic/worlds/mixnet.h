#pragma once

#include <span>

#include "limbic/worlds/mixnet_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: mixnet}`.
struct MixnetConfig {
  bool pixels = false;
  SimulatorConfig simulator = {};

  static void fields(auto& self, auto&& field) {
    field("pixels", self.pixels, "the image is 64 scalar cells instead of 16 vectors of 2x2");
    SimulatorConfig::fields(self.simulator, field);
  }
};

/// A world with a variable of every kind and every conditional known.
///
///   c ~ (.5, .3, .2);  b = 1 with (.2, .5, .9)[c];  y ~ N(2 (c - 1) + 1.5 b, .5^2)
///   v ~ N(2 (cos, sin)(2 pi c / 3), [[.25, .15], [.15, .25]])
///   s: 6 tokens of 4, the first uniform; then with .7 the next one (b = 1) or the same (b = 0),
///   else
///      with .1 each of the others
///   image = (1 + .5 tanh y) * pattern of c + .3 noise;  row stripes, column stripes, checks, +-1
///
/// Shapes  c, b: categories of 3 and 2; y: a scalar; v: a vector of 2; s: 6 cells; image: 8x8
/// pixels
///         in 16 cells of 2x2, or in 64 cells row by row; one tick.
class Mixnet final : public Simulator {
 public:
  explicit Mixnet(const MixnetConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  MixnetOracle oracle_;
  int64_t cell_side_;  // pixels
};

}  // namespace limbic::worlds
