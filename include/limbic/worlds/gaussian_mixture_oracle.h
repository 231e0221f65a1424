#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

inline constexpr int64_t kMixtureDimensions = 2;
inline constexpr double kMixtureBound = 10;
inline constexpr std::array<double, 2> kMixtureDeviations{1, 0.1};

/// Exact conditionals of the Gaussian mixture: both dimensions share one component, given which
/// they are independent.
///
///   p(known) = sum over c of 1/2 prod over d of f_c(theta_d, x_d)
///   f_c = N(x; theta, s_c) / 20, 1 / 20 or int over the box of N(x; theta, s_c) d theta / 20,
///         whichever of the two is known; 1 if neither is
///
/// Errors  what is observed together must be possible, else log_prob is NaN and sample refuses.
class GaussianMixtureOracle final : public RowOracle {
 public:
  explicit GaussianMixtureOracle(const Schema& schema) : RowOracle(schema) {}

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;
};

}  // namespace limbic::worlds
