#include "limbic/worlds/slcp_likelihood.h"

#include <algorithm>
#include <numbers>

#include "limbic/worlds/normal_box.h"
#include "limbic/worlds/quadrature.h"

namespace limbic::worlds {
namespace {

using std::numbers::pi;

// The box in standard deviations from a mean.
Interval box(double mean, double deviation) {
  return {(-kSlcpBound - mean) / deviation, (kSlcpBound - mean) / deviation};
}

// Log of the integral of exp(linear m - precision m^2 / 2) over the box.
double log_boxed_line(double linear, double precision) {
  if (precision == 0) return std::log(2 * kSlcpBound);
  const double mean = linear / precision;
  return 0.5 * (linear * mean + std::log(2 * pi / precision)) +
         log_normal_in(box(mean, 1 / std::sqrt(precision)));
}

double draw_in_box(LogDensity log_density, const Stream& stream) {
  const Bell bell = find_bell(log_density, -kSlcpBound, kSlcpBound, {-kSlcpBound, 0, kSlcpBound});
  return draw_on_line(log_density, std::array{bell.begin, bell.peak, bell.end}, stream);
}

}  // namespace

SlcpLikelihood::SlcpLikelihood(std::span<const double> row, std::span<const uint8_t> known)
    : center_{row[0], row[1]}, has_center_{known[0] != 0, known[1] != 0} {
  for (size_t first = 5; first < row.size(); first += 2) {
    const bool has_both = known[first] && known[first + 1];
    num_both_ += has_both;
    if (has_both) product_both_ += row[first] * row[first + 1];
    for (size_t i = 0; i < 2; ++i) {
      if (!known[first + i]) continue;
      const double x = row[first + i];
      (has_both ? sum_both_ : sum_only_)[i] += x;
      (has_both ? square_both_ : square_only_)[i] += x * x;
      num_only_[i] += !has_both;
    }
  }
}

SlcpLikelihood::Bump SlcpLikelihood::bump(const SlcpSpread& spread) const {
  Bump bump{};
  const double inverse_shared = -spread.covariance / spread.determinant();
  bump.shared = static_cast<double>(num_both_) * inverse_shared;
  for (size_t i = 0; i < 2; ++i) {
    const double inverse = spread.variance[1 - i] / spread.determinant();
    bump.linear[i] = inverse * sum_both_[i] + inverse_shared * sum_both_[1 - i] +
                     sum_only_[i] / spread.variance[i];
    bump.precision[i] = static_cast<double>(num_both_) * inverse +
                        static_cast<double>(num_only_[i]) / spread.variance[i];
  }
  return bump;
}

double SlcpLikelihood::log_boxed(const Bump& bump) const {
  const auto& [linear, precision, shared] = bump;
  const auto told = [&](size_t i) {
    return (linear[i] - 0.5 * precision[i] * center_[i]) * center_[i];
  };
  if (has_center_[0] && has_center_[1]) return told(0) + told(1) - shared * center_[0] * center_[1];
  for (const size_t i : {0, 1}) {
    if (has_center_[i])
      return told(i) + log_boxed_line(linear[1 - i] - shared * center_[i], precision[1 - i]);
  }
  if (shared == 0)
    return log_boxed_line(linear[0], precision[0]) + log_boxed_line(linear[1], precision[1]);
  const double determinant = precision[0] * precision[1] - shared * shared;
  std::array<double, 2> mean{};
  std::array<Interval, 2> intervals{};
  for (const size_t i : {0, 1}) {
    mean[i] = (precision[1 - i] * linear[i] - shared * linear[1 - i]) / determinant;
    intervals[i] = box(mean[i], std::sqrt(precision[1 - i] / determinant));
  }
  const double correlation = -shared / std::sqrt(precision[0] * precision[1]);
  return 0.5 * (linear[0] * mean[0] + linear[1] * mean[1] - std::log(determinant)) +
         std::log(2 * pi) + log_normal_in(intervals[0], intervals[1], correlation);
}

double SlcpLikelihood::operator()(const SlcpSpread& spread) const {
  const auto both = static_cast<double>(num_both_);
  double log_scale = both * (std::log(spread.determinant()) + 2 * std::log(2 * pi));
  double square = -2 * spread.covariance * product_both_ / spread.determinant();
  for (const size_t i : {0, 1}) {
    const double variance = spread.variance[i];
    log_scale += static_cast<double>(num_only_[i]) * std::log(2 * pi * variance);
    square += spread.variance[1 - i] / spread.determinant() * square_both_[i] +
              square_only_[i] / variance;
  }
  return -0.5 * (log_scale + square) + log_boxed(bump(spread)) - 2 * std::log(2 * kSlcpBound);
}

std::array<double, 2> SlcpLikelihood::draw_center(const SlcpSpread& spread,
                                                  const Stream& stream) const {
  const Bump given = bump(spread);
  const auto& [linear, precision, shared] = given;
  std::array<double, 2> center = center_;
  const auto pull = [&](size_t i, double other) { return linear[i] - given.shared * other; };
  if (!has_center_[0]) {
    const auto log_density = [&](double m) {
      return (linear[0] - 0.5 * precision[0] * m) * m +
             (has_center_[1] ? -given.shared * m * center[1]
                             : log_boxed_line(pull(1, m), precision[1]));
    };
    center[0] = draw_in_box(log_density, stream.child("theta0"));
  }
  if (!has_center_[1]) {
    const auto log_density = [&](double m) {
      return (pull(1, center[0]) - 0.5 * precision[1] * m) * m;
    };
    center[1] = draw_in_box(log_density, stream.child("theta1"));
  }
  return center;
}

}  // namespace limbic::worlds
