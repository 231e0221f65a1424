#pragma once

#include <cstdint>
#include <span>

#include "limbic/worlds/hmm_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: hmm}`.
struct HmmConfig {
  int64_t length = 10;
  SimulatorConfig simulator = {};

  static void fields(auto& self, auto&& field) {
    field("length", self.length, config::within<int64_t>(1, 10), "cells of t, and of x");
    SimulatorConfig::fields(self.simulator, field);
  }
};

/// A hidden walk whose square is seen, so that its sign is never known for sure; every conditional
/// is known.
///
///   t_0 ~ N(0, .5);  t_i ~ N(t_(i-1), .5);  x_i ~ N(t_i^2, .5)
///
/// Shapes  t, x: `length` scalar cells each, one tick.
/// Units   N(mean, standard deviation).
/// Source  Gloeckler et al. 2024, ICML, arXiv:2404.09636 (task HMM).
class Hmm final : public Simulator {
 public:
  explicit Hmm(const HmmConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  int64_t length_;
  HmmOracle oracle_;
};

}  // namespace limbic::worlds
