#pragma once

#include <cstdint>

namespace limbic::brain {

/// Where a gradient is added, and times what; null: nowhere.
template <class T>
struct GradientPlace {
  T* to = nullptr;
  T factor = 1;

  /// Numbers of one gradient, from element `first` of the place on.
  void add(int64_t count, const T* from, int64_t first = 0) const {
    if (!to) return;
    for (int64_t i = 0; i < count; ++i) to[first + i] += factor * from[i];
  }
};

}  // namespace limbic::brain
