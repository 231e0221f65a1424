#include <cmath>

#include "limbic/brain/cortex/block_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

template <class T>
LIMBIC_INLINE void add_norm_of(const AddNorm<T>& in, T* y, T* normed, T* statistics) {
  const int64_t width = in.width;
  const T share = T(1) / static_cast<T>(width);
  for (int64_t row = 0; row < in.rows; ++row) {
    const T* from = in.x + row * width;
    if (in.added) {
      const T* const added = in.added + row * width;
      T* const to = y + row * width;
#pragma omp simd
      for (int64_t d = 0; d < width; ++d) to[d] = from[d] + (added[d] + in.bias[d]);
      from = to;
    }
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t d = 0; d < width; ++d) sum += from[d];
    const T mean = sum * share;
    T square = 0;
#pragma omp simd reduction(+ : square)
    for (int64_t d = 0; d < width; ++d) square += (from[d] - mean) * (from[d] - mean);
    const T scale = T(1) / std::sqrt(square * share + static_cast<T>(kNormEpsilon));
    T* const out = normed + row * width;
#pragma omp simd
    for (int64_t d = 0; d < width; ++d)
      out[d] = (from[d] - mean) * scale * in.norm.weight[d] + in.norm.bias[d];
    statistics[2 * row] = mean;
    statistics[2 * row + 1] = scale;
  }
}

template <bool kSums, class T>
LIMBIC_INLINE void norm_backward_of(const NormBackward<T>& in, T* d_y,
                                    const NormGradient<T>& gradient, T* sum) {
  const int64_t width = in.width;
  const T share = T(1) / static_cast<T>(width);
  const T* const weight = in.weight;
  T* const d_weight = gradient.weight;
  T* const d_bias = gradient.bias;
  for (int64_t row = 0; row < in.rows; ++row) {
    const T* const y = in.y + row * width;
    const T* const d = in.d_normed + row * width;
    T* const out = d_y + row * width;
    const T mean = in.statistics[2 * row];
    const T scale = in.statistics[2 * row + 1];
    T along_one = 0, along_y = 0;
#pragma omp simd reduction(+ : along_one, along_y)
    for (int64_t i = 0; i < width; ++i) {
      const T g = d[i] * weight[i];
      along_one += g;
      along_y += g * (y[i] - mean);
    }
    along_one *= share;
    along_y *= share * scale;
#pragma omp simd
    for (int64_t i = 0; i < width; ++i) {
      const T unit = (y[i] - mean) * scale;
      d_weight[i] += d[i] * unit;
      d_bias[i] += d[i];
      out[i] += scale * (d[i] * weight[i] - along_one - unit * along_y);
      if constexpr (kSums) sum[i] += out[i];
    }
  }
}

template <class T>
LIMBIC_INLINE void norm_backward_of(const NormBackward<T>& in, T* d_y,
                                    const NormGradient<T>& gradient, T* sum) {
  sum ? norm_backward_of<true>(in, d_y, gradient, sum)
      : norm_backward_of<false>(in, d_y, gradient, sum);
}

template <class T>
LIMBIC_INLINE void add_bias_of(int64_t rows, int64_t width, const T* bias, T* x) {
  for (int64_t row = 0; row < rows; ++row) {
    T* const at = x + row * width;
#pragma omp simd
    for (int64_t d = 0; d < width; ++d) at[d] += bias[d];
  }
}

template <class T>
LIMBIC_INLINE void add_columns_of(int64_t rows, int64_t width, const T* x, T* sum) {
  for (int64_t row = 0; row < rows; ++row) {
    const T* const at = x + row * width;
#pragma omp simd
    for (int64_t d = 0; d < width; ++d) sum[d] += at[d];
  }
}

}  // namespace

LIMBIC_KERNEL
void add_norm(const AddNorm<float>& in, float* y, float* normed, float* statistics) {
  add_norm_of(in, y, normed, statistics);
}
LIMBIC_KERNEL
void add_norm(const AddNorm<double>& in, double* y, double* normed, double* statistics) {
  add_norm_of(in, y, normed, statistics);
}

LIMBIC_KERNEL
void norm_backward(const NormBackward<float>& in, float* d_y, const NormGradient<float>& gradient,
                   float* sum) {
  norm_backward_of(in, d_y, gradient, sum);
}
LIMBIC_KERNEL
void norm_backward(const NormBackward<double>& in, double* d_y,
                   const NormGradient<double>& gradient, double* sum) {
  norm_backward_of(in, d_y, gradient, sum);
}

LIMBIC_KERNEL
void add_bias(int64_t rows, int64_t width, const float* bias, float* x) {
  add_bias_of(rows, width, bias, x);
}
LIMBIC_KERNEL
void add_bias(int64_t rows, int64_t width, const double* bias, double* x) {
  add_bias_of(rows, width, bias, x);
}

LIMBIC_KERNEL
void add_columns(int64_t rows, int64_t width, const float* x, float* sum) {
  add_columns_of(rows, width, x, sum);
}
LIMBIC_KERNEL
void add_columns(int64_t rows, int64_t width, const double* x, double* sum) {
  add_columns_of(rows, width, x, sum);
}

}  // namespace limbic::brain::kernels
