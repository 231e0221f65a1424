#pragma once

#include <span>

#include "limbic/worlds/gaussian_mixture_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: gaussian_mixture}`: the common mean of a broad and a narrow Gaussian; every
/// conditional is known in closed form.
///
///   theta ~ U(-10, 10)^2;  x ~ 1/2 N(theta, I) + 1/2 N(theta, .1^2 I)
///
/// Shapes  theta, x: 2 scalar cells each, one tick.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.7).
class GaussianMixtureWorld final : public Simulator {
 public:
  explicit GaussianMixtureWorld(const SimulatorConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  GaussianMixtureOracle oracle_;
};

}  // namespace limbic::worlds
