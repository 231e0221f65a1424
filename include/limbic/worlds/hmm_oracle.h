#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/grid.h"
#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

inline constexpr double kHmmStep = 0.5;   // standard deviation of t_i - t_(i-1), where t_(-1) = 0
inline constexpr double kHmmNoise = 0.5;  // of x_i around t_i^2

/// Exact conditionals of the hidden Markov model: filter forward, sample backward.
///
///   a_i(t) = p(t_i = t | known up to i) ~ p(x_i | t) int a_(i-1)(s) N(t; s, step) ds
///   p(t_i | t_(i+1), known) ~ a_i(t_i) N(t_(i+1); t_i, step)
///
/// A known t is its own value; an unknown one stays Gaussian until an x tells of it, and is then
/// summed over a grid.
///
/// Errors  density 0 where unknown t's would have to leave [-8, 8] or to step by over 6 standard
///         deviations (the world does either in 1 row of a million).
/// Cost    about 50,000 multiplications a step with t unknown and some x known, of a density or
///         question; a sample at most 801 exponentials a step more.
class HmmOracle final : public RowOracle {
 public:
  HmmOracle(const Schema& schema, int64_t length);

 private:
  struct Belief;
  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;

  [[nodiscard]] Belief predict(const Belief& before) const;
  [[nodiscard]] double log_step(const Belief& before, double t) const;
  double see(double x, Belief& belief) const;
  double advance(int64_t step, std::span<const double> row, std::span<const uint8_t> known,
                 Belief& belief) const;
  [[nodiscard]] double draw(const Belief& belief, const double* next, const Stream& stream) const;

  int64_t length_;
  Grid grid_;
  std::vector<double> point_squared_;
  std::vector<double> kernel_;  // mass that a step moves by -reach .. reach points
};

}  // namespace limbic::worlds
