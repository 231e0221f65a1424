#pragma once

#include <cstdint>
#include <span>

#include "limbic/worlds/gaussian_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: gaussian_linear}`.
struct GaussianLinearConfig {
  int64_t dimensions = 10;
  double prior_variance = 0.1;
  double noise_variance = 0.1;
  SimulatorConfig simulator = {};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("dimensions", self.dimensions, within<int64_t>(1, 256), "of theta, and of x");
    field("prior_variance", self.prior_variance, within(1e-6, 1e6), "of each theta");
    field("noise_variance", self.noise_variance, within(1e-6, 1e6), "of each x around its theta");
    SimulatorConfig::fields(self.simulator, field);
  }
};

/// A world in which every conditional is known in closed form.
///
///   theta ~ N(0, prior_variance I);  x ~ N(theta, noise_variance I)
///
/// Shapes  theta, x: `dimensions` scalar cells each, one tick.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.1).
class GaussianLinear final : public Simulator {
 public:
  explicit GaussianLinear(const GaussianLinearConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  GaussianLinearConfig config_;
  GaussianOracle oracle_;
};

}  // namespace limbic::worlds
