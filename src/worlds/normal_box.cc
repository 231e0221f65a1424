#include "limbic/worlds/normal_box.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>
#include <numbers>
#include <utility>

#include "limbic/worlds/quadrature.h"

namespace limbic::worlds {
namespace {

using std::numbers::pi, std::numbers::sqrt2;

constexpr double kFar = 6.5, kTail = -40, kLeast = 1e-7;

/// A corner of the rectangle and the sign of its part.
struct Corner {
  double h, k, sign;
};

double log_upper_tail(double z) {  // z > 0
  if (z < 30) return std::log(0.5 * std::erfc(z / sqrt2));
  return -0.5 * z * z - std::log(z * std::sqrt(2 * pi));
}

}  // namespace

double log_normal_in(const Interval& interval) {
  const auto [low, high] = interval;
  if (low < -kFar && high > kFar) return 0;
  if (low < 0 && high > 0)
    return std::log1p(-0.5 * (std::erfc(high / sqrt2) + std::erfc(-low / sqrt2)));
  const double near = log_upper_tail(low > 0 ? low : -high);
  const double far = log_upper_tail(low > 0 ? high : -low);
  return near + std::log1p(-std::exp(far - near));
}

double log_normal_in(const Interval& first, const Interval& second, double correlation) {
  const double apart = log_normal_in(first) + log_normal_in(second);
  std::array<Corner, 4> corners{};
  int64_t num_corners = 0;
  for (const auto& [h, h_sign] : {std::pair{first.low, -1}, {first.high, 1}}) {
    for (const auto& [k, k_sign] : {std::pair{second.low, -1}, {second.high, 1}}) {
      if (std::max(std::abs(h), std::abs(k)) < kFar)
        corners[num_corners++] = {h, k, static_cast<double>(h_sign * k_sign)};
    }
  }
  if (num_corners == 0 || apart < kTail) return apart;
  double together = 0;
  const auto integrand = [&](double z) {
    const double cosh = std::cosh(z), tanh = std::tanh(z);
    double sum = 0;
    for (int64_t i = 0; i < num_corners; ++i) {
      const auto& [h, k, sign] = corners[i];
      sum += sign * std::exp(-0.5 * (h * h + k * k - 2 * h * k * tanh) * cosh * cosh);
    }
    return sum / cosh;
  };
  const double end = std::atanh(correlation);
  const auto num_panels = static_cast<int64_t>(std::ceil(std::abs(end) / 1.55));
  for (int64_t i = 0; i < num_panels; ++i)
    together += integral(integrand, end * i / num_panels, end * (i + 1) / num_panels);
  const double ratio = 1 + together / (2 * pi) * std::exp(-apart);
  return apart + std::log(std::max(ratio, kLeast));
}

}  // namespace limbic::worlds
