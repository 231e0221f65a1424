#pragma once

#include <ATen/core/Tensor.h>

#include <mutex>
#include <vector>

namespace limbic::worlds {

/// A point that a spline goes through.
struct Knot {
  double x, y;
};

/// A smooth rising function through knots: between them quotients of quadratics, beyond them
/// straight lines.
///
/// Shapes  all functions go element by element, on any device, and compute in float64.
/// State   a copy of its numbers on the device that asked last.
/// Threads any number may use it.
/// Source  Gregory and Delbourgo 1982, doi:10.1093/imanum/2.2.123; Durkan et al. 2019,
///         arXiv:1906.04032.
/// Departs slopes at knots are means of the two neighbouring secants' logs, not learned; the first
///         and the last are no steeper than the whole, so that what lies far out stays near.
class Spline {
 public:
  /// At least two knots, x and y rising.
  explicit Spline(const std::vector<Knot>& knots);

  [[nodiscard]] const std::vector<Knot>& knots() const { return knots_; }
  [[nodiscard]] at::Tensor operator()(const at::Tensor& x) const;
  /// x of f(x) = y.
  [[nodiscard]] at::Tensor inverse(const at::Tensor& y) const;
  /// log f'(x).
  [[nodiscard]] at::Tensor log_slope(const at::Tensor& x) const;

 private:
  struct Numbers {
    at::Tensor pieces;            // [K - 1, 6]: x, y, width, height, slopes at both ends
    at::Tensor inner_x, inner_y;  // [K - 2]: where one piece ends and the next begins
    [[nodiscard]] Numbers to(at::Device device) const;
  };
  struct Piece {
    at::Tensor x, y, width, height, slope0, slope1;
    [[nodiscard]] at::Tensor secant() const { return height / width; }
  };
  [[nodiscard]] Numbers on(at::Device device) const;
  static Piece piece_of(const at::Tensor& value, const at::Tensor& inner, const Numbers& numbers);

  std::vector<Knot> knots_;
  double first_slope_ = 1, last_slope_ = 1;
  Numbers numbers_;
  mutable std::mutex mutex_;
  mutable Numbers moved_;
};

/// The knots of a function that gives numbers the quantiles of a normal distribution: their least,
/// their greatest, and some between, more of more numbers. Numbers that are all the same are only
/// moved to 0. REQUIRES: there are some.
std::vector<Knot> normalising_knots(std::vector<double> numbers);

}  // namespace limbic::worlds
