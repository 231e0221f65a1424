#pragma once

#include <span>

#include "limbic/worlds/simulator.h"
#include "limbic/worlds/two_moons_oracle.h"

namespace limbic::worlds {

/// YAML: `world: {type: two_moons}`: a world whose posterior is two thin crescents.
///
///   theta ~ U(-1, 1)^2;  a ~ U(-pi/2, pi/2);  r ~ N(.1, sd .01)
///   x = (r cos a + .25 - |theta0 + theta1| / sqrt 2,  r sin a + (theta1 - theta0) / sqrt 2)
///
/// Shapes  theta, x: 2 scalar cells each, one tick.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.8).
class TwoMoons final : public Simulator {
 public:
  explicit TwoMoons(const SimulatorConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  TwoMoonsOracle oracle_;
};

}  // namespace limbic::worlds
