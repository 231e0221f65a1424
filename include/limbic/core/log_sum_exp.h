#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace limbic {

/// log of the sum of e^x, of one number at least; -infinity where all are.
template <class T>
T log_sum_exp(std::span<const T> x) {
  const T most = *std::ranges::max_element(x);
  if (most == -std::numeric_limits<T>::infinity()) return most;
  T sum = 0;
  for (const T value : x) sum += std::exp(value - most);
  return most + std::log(sum);
}

}  // namespace limbic
