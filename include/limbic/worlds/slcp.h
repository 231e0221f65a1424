#pragma once

#include <span>

#include "limbic/worlds/simulator.h"
#include "limbic/worlds/slcp_oracle.h"

namespace limbic::worlds {

/// YAML: `world: {type: slcp}`: a simple likelihood with a complex posterior: four modes by
/// symmetry, and a box.
///
///   theta ~ U(-3, 3)^5;  s1 = theta2^2, s2 = theta3^2, rho = tanh theta4
///   S = [[s1^2, rho s1 s2], [rho s1 s2, s2^2]] + 1e-6 I;  four draws x ~ N((theta0, theta1), S)
///
/// Shapes  theta: 5 scalar cells; x: 8, draw after draw; one tick.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.3).
/// Departs from it by the 1e-6, without which theta2 = 0 has infinite density.
class Slcp final : public Simulator {
 public:
  explicit Slcp(const SimulatorConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  SlcpOracle oracle_;
};

}  // namespace limbic::worlds
