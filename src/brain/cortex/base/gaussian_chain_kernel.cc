#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

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

// N registers of row k from number `begin` on lose what the rows above them account for.
template <int64_t N>
LIMBIC_INLINE void subtract_above(int64_t k, int64_t width, int64_t begin, double* upper) {
  Lanes<double> rest[N];
  double* const row = upper + k * width + begin;
  for (int64_t i = 0; i < N; ++i) rest[i] = lanes(row + i * kLanes);
  for (int64_t q = 0; q < k; ++q) {
    const double* const above = upper + q * width;
    for (int64_t i = 0; i < N; ++i) rest[i] -= above[k] * lanes(above + begin + i * kLanes);
  }
  for (int64_t i = 0; i < N; ++i) lanes(row + i * kLanes) = rest[i];
}

constexpr int64_t kAtOnce = 8;

// The same of `count` registers, N at most.
template <int64_t N = kAtOnce>
LIMBIC_INLINE void subtract_above(int64_t count, int64_t k, int64_t width, int64_t begin,
                                  double* upper) {
  if (count == N) return subtract_above<N>(k, width, begin, upper);
  if constexpr (N > 1) subtract_above<N - 1>(count, k, width, begin, upper);
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
    for (int64_t begin = round_down(k); begin < width; begin += kAtOnce * kLanes) {
      const int64_t count = std::min(kAtOnce, (width - begin) / kLanes);
      subtract_above(count, k, width, begin, upper);
    }
    const double inverse = 1 / std::sqrt(row[k]);
    std::fill(row + round_down(k), row + k, 0.0);  // what came with whole registers
    for (int64_t j = k; j < n; ++j) row[j] *= inverse;
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

void answer_in_order(int64_t n, const ChainQueries& asked, const double* upper, const double* z,
                     const ChainAnswers& to) {
  const int64_t width = round_up(n);
  std::vector<double> log_seen(n + 1);  // of the first so many
  for (int64_t q = 0; q < n; ++q) {
    const double log_p =
        -0.5 * (z[q] * z[q] + std::log(2 * std::numbers::pi)) - std::log(upper[q * width + q]);
    log_seen[q + 1] = log_seen[q] + log_p;
  }
  for (int64_t i = 0; i < asked.count; ++i) {
    const int64_t place = asked.place[i], told = std::min(asked.seen[i], place + 1);
    const double* const column = upper + place;
    double apart = 0, variance = 0;
    for (int64_t q = 0; q < told; ++q) apart += column[q * width] * z[q];
    for (int64_t q = told; q <= place; ++q) variance += column[q * width] * column[q * width];
    to.log_seen[i * to.stride] = log_seen[asked.seen[i]];
    to.apart[i * to.stride] = apart;
    to.variance[i * to.stride] = variance;
  }
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
