#include <algorithm>
#include <cmath>

#include "../vector_math.h"
#include "limbic/brain/cortex/base/gaussian_chain.h"

namespace limbic::brain::kernels {
namespace {

LIMBIC_INLINE int64_t round_down(int64_t i) { return i & -kLanes; }

// Of whole registers, the first that holds number `begin`.
LIMBIC_INLINE void add(double factor, const double* from, int64_t begin, int64_t end, double* to) {
  for (int64_t i = round_down(begin); i < end; i += kLanes)
    lanes(to + i) += factor * lanes(from + i);
}

}  // namespace

int64_t stride(int64_t n) { return round_up(n); }

LIMBIC_KERNEL
void factor_in_order(int64_t n, const double* covariance, const int64_t* order, double* upper) {
  const int64_t width = round_up(n);
  std::fill_n(upper, n * width, 0.0);
  for (int64_t i = 0; i < n; ++i) {
    const double* const from = covariance + order[i] * n;
    for (int64_t j = i; j < n; ++j) upper[i * width + j] = from[order[j]];
  }
  for (int64_t k = 0; k < n; ++k) {
    double* const row = upper + k * width;
    const double inverse = 1 / std::sqrt(row[k]);
    std::fill(row + round_down(k), row + k, 0.0);  // what came with whole registers
    for (int64_t j = k; j < n; ++j) row[j] *= inverse;
    for (int64_t i = k + 1; i < n; ++i) add(-row[i], row, i, width, upper + i * width);
  }
}

LIMBIC_KERNEL
void solve_in_order(int64_t n, int64_t count, const double* upper, double* x) {
  const int64_t width = round_up(n);
  for (int64_t q = 0; q < count; ++q) {
    const double z = x[q] / upper[q * width + q];
    add(-z, upper + q * width, q, width, x);
    x[q] = z;
  }
}

Expected expect_in_order(int64_t n, int64_t place, int64_t seen, const double* upper,
                         const double* z) {
  const double* const column = upper + place;
  const int64_t width = round_up(n), told = std::min(seen, place + 1);
  Expected found{};
  for (int64_t q = 0; q < told; ++q) found.apart += column[q * width] * z[q];
  for (int64_t q = told; q <= place; ++q) found.variance += column[q * width] * column[q * width];
  return found;
}

LIMBIC_KERNEL
void scatter_in_order(int64_t n, int64_t count, const double* upper, const double* a,
                      double* scatter) {
  const int64_t width = round_up(n);
  std::fill_n(scatter, n * width, 0.0);
  for (int64_t i = 0; i < n; ++i) add(a[i], a, i, width, scatter + i * width);
  for (int64_t q = count; q < n; ++q) {
    const double* const row = upper + q * width;
    for (int64_t i = q; i < n; ++i) add(row[i], row, i, width, scatter + i * width);
  }
}

}  // namespace limbic::brain::kernels
