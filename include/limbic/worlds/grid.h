#pragma once

#include <cstdint>
#include <span>

namespace limbic::worlds {

/// Equally spaced points at which a density of one number is tabulated. Densities vanish at both
/// ends, so the trapezoid's integral is step * sum; of smooth ones it is exact to rounding as soon
/// as the step is a third of their narrowest width.
class Grid {
 public:
  Grid(double low, double high, int64_t size)
      : low_(low), step_((high - low) / static_cast<double>(size - 1)), size_(size) {}

  [[nodiscard]] int64_t size() const { return size_; }
  [[nodiscard]] double step() const { return step_; }
  [[nodiscard]] double operator[](int64_t i) const { return low_ + static_cast<double>(i) * step_; }

  /// Number at quantile u of the density that runs straight from each weight to the next; weights
  /// need not sum to 1, but to more than 0.
  [[nodiscard]] double quantile(std::span<const double> weight, double u) const;

 private:
  double low_, step_;
  int64_t size_;
};

/// Turns log weights into weights of which the greatest is 1, and returns its logarithm.
double exponentiate(std::span<double> log_weight);

double dot(std::span<const double> a, const double* b);
/// out[i] += factor * in[i].
void add_scaled(double factor, std::span<const double> in, double* out);

}  // namespace limbic::worlds
