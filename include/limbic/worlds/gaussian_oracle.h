#pragma once

#include <cstdint>
#include <vector>

#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// Exact conditionals of a world whose V scalar cells are jointly Gaussian, in one tick.
///
///   L L' = Sigma with the known cells first;  z = L^-1 (x - mu)
///   log p(known) = sum over known i of -z_i^2 / 2 - log L_ii - log(2 pi) / 2
///
/// Shapes  mean [V], covariance [V * V] row by row.
/// Cost    V^3 / 3 multiplications a density or question, in float64; a sample at most V^2 / 2
///         more.
class GaussianOracle final : public RowOracle {
 public:
  GaussianOracle(const Schema& schema, std::vector<double> mean, std::vector<double> covariance);

 private:
  struct Factor;
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;
  [[nodiscard]] Factor factor(const std::vector<int64_t>& cells) const;

  std::vector<double> mean_, covariance_;
};

}  // namespace limbic::worlds
