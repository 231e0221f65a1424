#pragma once

namespace limbic::brain {

/// Where a gradient is added, and times what; null: nowhere.
template <class T>
struct GradientPlace {
  T* to = nullptr;
  T factor = 1;
};

}  // namespace limbic::brain
