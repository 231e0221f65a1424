#include <algorithm>
#include <cmath>
#include <type_traits>

#include "limbic/brain/cortex/token_kernels.h"
#include "vector_math.h"

namespace limbic::brain::kernels {
namespace {

template <class T>
LIMBIC_INLINE T exp_of(T x) {
  if constexpr (std::is_same_v<T, float>) {
    return fast_exp(x);
  } else {
    return std::exp(x);
  }
}

template <class T>
LIMBIC_INLINE void add_row(int64_t width, T factor, const T* from, T* to) {
#pragma omp simd
  for (int64_t d = 0; d < width; ++d) to[d] += factor * from[d];
}

template <class T>
LIMBIC_INLINE void sum_tokens_of(int64_t count, int64_t width, const TokenRows<T>* rows, T* out) {
  for (int64_t i = 0; i < count; ++i) {
    T* const to = out + i * width;
    std::copy_n(rows[i].content ? rows[i].content : rows[i].place, width, to);
    if (rows[i].content && rows[i].place) add_row(width, T(1), rows[i].place, to);
    if (rows[i].role) add_row(width, T(1), rows[i].role, to);
  }
}

template <class T>
LIMBIC_INLINE void spread_tokens_of(int64_t count, int64_t width, const T* d_tokens,
                                    const TokenGradients<T>* to) {
  for (int64_t i = 0; i < count; ++i) {
    const T* const d = d_tokens + i * width;
    if (to[i].content.to) add_row(width, to[i].content.factor, d, to[i].content.to);
    if (to[i].place) add_row(width, T(1), d, to[i].place);
    if (to[i].role) add_row(width, T(1), d, to[i].role);
  }
}

template <class T>
LIMBIC_INLINE void log_softmax_of(const Classes<T>& of, T* logits, T* log_prob) {
  for (int64_t row = 0; row < of.rows; ++row) {
    T* const at = logits + row * of.classes;
    T most = at[0] + of.bias[0];
#pragma omp simd reduction(max : most)
    for (int64_t c = 0; c < of.classes; ++c) {
      at[c] += of.bias[c];
      most = std::max(most, at[c]);
    }
    T sum = 0;
#pragma omp simd reduction(+ : sum)
    for (int64_t c = 0; c < of.classes; ++c) sum += exp_of(at[c] - most);
    const T shift = most + std::log(sum);
#pragma omp simd
    for (int64_t c = 0; c < of.classes; ++c) at[c] -= shift;
    log_prob[row] = at[of.index[row]];
  }
}

template <class T>
LIMBIC_INLINE void log_softmax_backward_of(const Classes<T>& of, const T* log_softmax, const T* d,
                                           T* d_logits) {
  for (int64_t row = 0; row < of.rows; ++row) {
    const T* const at = log_softmax + row * of.classes;
    T* const to = d_logits + row * of.classes;
    const T scale = -d[row];
#pragma omp simd
    for (int64_t c = 0; c < of.classes; ++c) to[c] = scale * exp_of(at[c]);
    to[of.index[row]] += d[row];
  }
}

}  // namespace

LIMBIC_KERNEL
void sum_tokens(int64_t count, int64_t width, const TokenRows<float>* rows, float* out) {
  sum_tokens_of(count, width, rows, out);
}
LIMBIC_KERNEL
void sum_tokens(int64_t count, int64_t width, const TokenRows<double>* rows, double* out) {
  sum_tokens_of(count, width, rows, out);
}

LIMBIC_KERNEL
void spread_tokens(int64_t count, int64_t width, const float* d_tokens,
                   const TokenGradients<float>* to) {
  spread_tokens_of(count, width, d_tokens, to);
}
LIMBIC_KERNEL
void spread_tokens(int64_t count, int64_t width, const double* d_tokens,
                   const TokenGradients<double>* to) {
  spread_tokens_of(count, width, d_tokens, to);
}

LIMBIC_KERNEL
void scale_rows(int64_t count, int64_t width, const float* factor, const float* x, float* out) {
  for (int64_t i = 0; i < count; ++i) {
    const float by = factor[i];
    const float* const from = x + i * width;
    float* const to = out + i * width;
#pragma omp simd
    for (int64_t d = 0; d < width; ++d) to[d] = by * from[d];
  }
}

LIMBIC_KERNEL
void shift_means(const ShiftShape& of, float* params) {
  const int64_t K = of.components;
  for (int64_t row = 0; row < of.rows; ++row) {
    const float* const own = of.outputs + row * of.num_outputs();
    const float* const x = of.x + row * of.numbers;
    float* const to = params + row * of.num_params();
    std::copy_n(own, of.num_params(), to);
    for (int64_t r = 0; r < of.reads; ++r) {
      const float* const weight = own + of.num_params() + r * of.numbers;
      float read = 0;
#pragma omp simd reduction(+ : read)
      for (int64_t j = 0; j < of.numbers; ++j) read += weight[j] * x[j];
      for (int64_t k = r; k < K; k += of.reads) to[K + k] += read;
    }
  }
}

LIMBIC_KERNEL
void shift_means_backward(const ShiftShape& of, const float* d_params, float* d_outputs) {
  const int64_t K = of.components;
  for (int64_t row = 0; row < of.rows; ++row) {
    const float* const x = of.x + row * of.numbers;
    const float* const d = d_params + row * of.num_params();
    float* const to = d_outputs + row * of.num_outputs();
    std::copy_n(d, of.num_params(), to);
    for (int64_t r = 0; r < of.reads; ++r) {
      float d_read = 0;
      for (int64_t k = r; k < K; k += of.reads) d_read += d[K + k];
      float* const d_weight = to + of.num_params() + r * of.numbers;
#pragma omp simd
      for (int64_t j = 0; j < of.numbers; ++j) d_weight[j] = d_read * x[j];
    }
  }
}

LIMBIC_KERNEL
void log_softmax(const Classes<float>& of, float* logits, float* log_prob) {
  log_softmax_of(of, logits, log_prob);
}
LIMBIC_KERNEL
void log_softmax(const Classes<double>& of, double* logits, double* log_prob) {
  log_softmax_of(of, logits, log_prob);
}

LIMBIC_KERNEL
void log_softmax_backward(const Classes<float>& of, const float* log_softmax, const float* d,
                          float* d_logits) {
  log_softmax_backward_of(of, log_softmax, d, d_logits);
}
LIMBIC_KERNEL
void log_softmax_backward(const Classes<double>& of, const double* log_softmax, const double* d,
                          double* d_logits) {
  log_softmax_backward_of(of, log_softmax, d, d_logits);
}

}  // namespace limbic::brain::kernels
