#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <span>

#include "limbic/core/stream.h"

namespace limbic::worlds {

/// Each theta of `slcp` lies between -kSlcpBound and kSlcpBound.
inline constexpr double kSlcpBound = 3;

/// The covariance of a draw of `slcp`.
struct SlcpSpread {
  static constexpr double kFloor = 1e-6;

  SlcpSpread(double theta2, double theta3, double theta4)
      : SlcpSpread(theta2 * theta2, theta3 * theta3, std::tanh(theta4), 0) {}

  [[nodiscard]] double determinant() const { return determinant_; }
  /// A draw around (0, 0), made of two standard normals.
  [[nodiscard]] std::array<double, 2> from_normals(double a, double b) const {
    const double first = std::sqrt(variance[0]);
    return {first * a, covariance / first * a + std::sqrt(determinant_ / variance[0]) * b};
  }

  std::array<double, 2> variance;
  double covariance;

 private:
  SlcpSpread(double s1, double s2, double rho, int)
      : variance{s1 * s1 + kFloor, s2 * s2 + kFloor},
        covariance(rho * s1 * s2),
        determinant_(s1 * s1 * s2 * s2 * (1 - rho * rho) + kFloor * (s1 * s1 + s2 * s2 + kFloor)) {}

  double determinant_;
};

/// What the known cells among theta0, theta1 and x of a row of `slcp` say about theta2, theta3 and
/// theta4; the unknown ones are integrated out, theta0 and theta1 over their box.
class SlcpLikelihood {
 public:
  SlcpLikelihood(std::span<const double> row, std::span<const uint8_t> known);

  [[nodiscard]] bool has_x() const { return num_both_ + num_only_[0] + num_only_[1] > 0; }
  /// Whether a draw is known whole: nothing else tells of theta4.
  [[nodiscard]] bool has_pairs() const { return num_both_ > 0; }
  /// Log density of the known cells.
  [[nodiscard]] double operator()(const SlcpSpread& spread) const;
  /// theta0 and theta1 given the known cells.
  [[nodiscard]] std::array<double, 2> draw_center(const SlcpSpread& spread,
                                                  const Stream& stream) const;

 private:
  /// exp(linear . m - m' precision m / 2) of the center m.
  struct Bump {
    std::array<double, 2> linear, precision;
    double shared;  // off the diagonal
  };
  [[nodiscard]] Bump bump(const SlcpSpread& spread) const;
  [[nodiscard]] double log_boxed(const Bump& bump) const;

  std::array<double, 2> center_;
  std::array<bool, 2> has_center_;
  // Draws with both cells known, then those with only the first, or only the second.
  int64_t num_both_ = 0;
  std::array<double, 2> sum_both_{}, square_both_{};
  double product_both_ = 0;
  std::array<int64_t, 2> num_only_{};
  std::array<double, 2> sum_only_{}, square_only_{};
};

}  // namespace limbic::worlds
