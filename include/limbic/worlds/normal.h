#pragma once

#include <cmath>
#include <numbers>

namespace limbic::worlds {

/// Log density [nats] of a normal with that standard deviation.
inline double log_normal(double x, double mean, double deviation) {
  const double z = (x - mean) / deviation;
  return -0.5 * (z * z + std::log(2 * std::numbers::pi)) - std::log(deviation);
}

}  // namespace limbic::worlds
