#include <algorithm>

#include "limbic/brain/cortex/direct_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

template <class T>
LIMBIC_INLINE void see_features_of(const SeenFeatures<T>& of, T* out) {
  for (int64_t query = 0; query < of.rows * of.queries; ++query) {
    const T* const sees = of.sees + query * of.sites;
    const T* const from = of.of_row + query / of.queries * of.features;
    T* const to = out + query * of.features;
#pragma omp simd
    for (int64_t f = 0; f < of.features; ++f)
      to[f] = from[f] * sees[of.first[f]] * sees[of.second[f]];
  }
}

template <class T>
LIMBIC_INLINE void site_relu_of(const QuerySites& of, const T* table, T* x) {
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const site = table + of.begin_of(i);
    T* const at = x + i * of.width;
#pragma omp simd
    for (int64_t d = 0; d < of.width; ++d) at[d] = std::max(at[d] + site[d], T(0));
  }
}

template <class T>
LIMBIC_INLINE void site_relu_backward_of(const QuerySites& of, const T* x, T* d_x, T* d_table) {
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const at = x + i * of.width;
    T* const d = d_x + i * of.width;
    T* const sum = d_table + of.begin_of(i);
#pragma omp simd
    for (int64_t k = 0; k < of.width; ++k) {
      d[k] = at[k] > T(0) ? d[k] : T(0);
      sum[k] += d[k];
    }
  }
}

template <class T>
LIMBIC_INLINE void site_gain_of(const QuerySites& of, const T* table, const T* x, T* out) {
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const gain = table + of.begin_of(i);
    const T* const from = x + i * of.width;
    T* const to = out + i * of.width;
#pragma omp simd
    for (int64_t k = 0; k < of.width; ++k) to[k] = from[k] * (1 + gain[k]);
  }
}

template <class T>
LIMBIC_INLINE void site_gain_backward_of(const QuerySites& of, const T* table, const T* x, T* d,
                                         T* d_table) {
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const gain = table + of.begin_of(i);
    const T* const from = x + i * of.width;
    T* const at = d + i * of.width;
    T* const sum = d_table + of.begin_of(i);
#pragma omp simd
    for (int64_t k = 0; k < of.width; ++k) {
      sum[k] += at[k] * from[k];
      at[k] *= 1 + gain[k];
    }
  }
}

}  // namespace

LIMBIC_KERNEL
void see_features(const SeenFeatures<float>& of, float* out) { see_features_of(of, out); }
LIMBIC_KERNEL
void see_features(const SeenFeatures<double>& of, double* out) { see_features_of(of, out); }

LIMBIC_KERNEL
void site_relu(const QuerySites& of, const float* table, float* x) { site_relu_of(of, table, x); }
LIMBIC_KERNEL
void site_relu(const QuerySites& of, const double* table, double* x) { site_relu_of(of, table, x); }

LIMBIC_KERNEL
void site_relu_backward(const QuerySites& of, const float* x, float* d_x, float* d_table) {
  site_relu_backward_of(of, x, d_x, d_table);
}
LIMBIC_KERNEL
void site_relu_backward(const QuerySites& of, const double* x, double* d_x, double* d_table) {
  site_relu_backward_of(of, x, d_x, d_table);
}

LIMBIC_KERNEL
void site_gain(const QuerySites& of, const float* table, const float* x, float* out) {
  site_gain_of(of, table, x, out);
}
LIMBIC_KERNEL
void site_gain(const QuerySites& of, const double* table, const double* x, double* out) {
  site_gain_of(of, table, x, out);
}

LIMBIC_KERNEL
void site_gain_backward(const QuerySites& of, const float* table, const float* x, float* d,
                        float* d_table) {
  site_gain_backward_of(of, table, x, d, d_table);
}
LIMBIC_KERNEL
void site_gain_backward(const QuerySites& of, const double* table, const double* x, double* d,
                        double* d_table) {
  site_gain_backward_of(of, table, x, d, d_table);
}

}  // namespace limbic::brain::kernels
