#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// The noise of `two_moons`: its radius, that radius's deviation, and how far to the right it lies.
namespace two_moons {
inline constexpr double kRadius = 0.1, kWidth = 0.01, kOffset = 0.25;
}

/// Exact conditionals of `two_moons`.
///
/// With s = (theta0 + theta1) / sqrt 2 and d = (theta1 - theta0) / sqrt 2 the noise is
///
///   p = (r cos a, r sin a) = (x0 - .25 + |s|, x1 - d),  density N(r; .1, .01) / (pi r)
///
/// and what is unknown of it leaves an integral over one line: theta itself where one of its cells
/// is known; |s| or d, whose prior is a triangle; or a, along whose ray p lies in the box between
/// two radii. A cell of p that x does not tell is integrated out by the trapezoid rule. Samples go
/// the same way back: the line's point first, then what it leaves open; the line of theta is the
/// same for all samples of a question.
///
/// Units   log p to 1e-6 nats for noise within 8 standard deviations of r.
/// Cost    at most .05 ms a density or question.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.8).
class TwoMoonsOracle final : public RowOracle {
 public:
  explicit TwoMoonsOracle(const Schema& schema) : RowOracle(schema) {}

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;
};

}  // namespace limbic::worlds
