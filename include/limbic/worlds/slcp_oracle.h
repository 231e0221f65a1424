#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/row_oracle.h"
#include "limbic/worlds/slcp_likelihood.h"

namespace limbic::worlds {

/// Exact conditionals of `slcp`.
///
///   p(known) = integral over the unknown of theta2, theta3, theta4 of their prior
///              * integral over the unknown of theta0, theta1 in their box of N(known x; theta)
///
/// The inner integral is closed: unknown cells of x drop out, and a product of normals in theta0
/// and theta1 is a normal times its probability of the box (`normal_box.h`). The outer one is
/// nested: theta4 on a fixed grid, theta2 and theta3, whose likelihood does not know their signs,
/// in y = arsinh(theta / .02). At any theta4 the likelihood is log-concave in the inverses of s1
/// and s2, so each line has one peak, which the next line's search starts from. Samples take
/// theta4, theta2, theta3 from the same lines by rejection, then theta0 and theta1, then x; the
/// first of these lines is the same for all samples of a question.
///
/// Units   log p against a finer fixed grid, root mean square over 8 to 60 rows: where theta2 to
///         theta4 are all unknown 1e-3 nats (worst row 3e-3), or 2e-3 (5e-3) if one draw alone is
///         known whole; in other masks 2e-4 (1e-3).
/// Cost    5 ms a density or question where all theta is unknown, .7 ms where theta0 and theta1 are
///         known or one of theta2 and theta3 is, 1 ms where theta4 is, below .3 ms else; samples
///         of one question share most of that.
/// Source  Lueckmann et al. 2021, AISTATS, arXiv:2101.04653 (task T.3).
class SlcpOracle final : public RowOracle {
 public:
  explicit SlcpOracle(const Schema& schema) : RowOracle(schema) {}

 private:
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;
};

}  // namespace limbic::worlds
