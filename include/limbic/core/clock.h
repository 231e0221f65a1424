#pragma once

#include <chrono>

namespace limbic {

/// Seconds of a clock that never goes back; only differences mean anything.
inline double steady_seconds() {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  return std::chrono::duration<double>(now).count();
}

}  // namespace limbic
