#pragma once

#include <cstdint>
#include <vector>

#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// Exact conditionals of a world whose V scalar cells are jointly Gaussian, in one tick.
///
///   L L' = Sigma with the observed cells first;  z = L^-1 (x - mu)
///   log p(asked | observed) = sum over asked i of -z_i^2 / 2 - log L_ii - log(2 pi) / 2
///
/// Cells that are neither observed nor asked are integrated out; an asked cell that is observed
/// too is certain and counts for nothing.
///
/// Shapes  mean [V], covariance [V * V] row by row; log_prob [B] float64.
/// Cost    V^3 / 3 multiplications a row, in float64.
class GaussianOracle final : public Oracle {
 public:
  GaussianOracle(const Schema& schema, std::vector<double> mean, std::vector<double> covariance);

  [[nodiscard]] at::Tensor log_prob(const Episodes& episodes, const Roles& roles) const override;
  [[nodiscard]] Episodes sample(const Episodes& episodes, const Roles& roles,
                                const Stream& stream) const override;

 private:
  struct Factor;
  [[nodiscard]] Factor factor(const bool* observed, const bool* asked) const;

  Schema schema_;
  std::vector<double> mean_, covariance_;
};

}  // namespace limbic::worlds
