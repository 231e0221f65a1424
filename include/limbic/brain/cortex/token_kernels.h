#pragma once

#include <cstdint>

#include "limbic/brain/gradient_place.h"

/// What stands before and after a transformer's blocks: tokens added up from rows of tables, and
/// the log density of categories. Plain row-major buffers in float32 or float64, one thread, no
/// torch headers.
namespace limbic::brain::kernels {

/// The rows that a token is the sum of; content or place may be null, and role.
template <class T>
struct TokenRows {
  const T *content, *place, *role;
};
/// out[i] = content + place + role of token i.
void sum_tokens(int64_t count, int64_t width, const TokenRows<float>* rows, float* out);
void sum_tokens(int64_t count, int64_t width, const TokenRows<double>* rows, double* out);

/// Where a token's gradient is added; any of them may be null.
template <class T>
struct TokenGradients {
  GradientPlace<T> content;
  T *place, *role;
};
void spread_tokens(int64_t count, int64_t width, const float* d_tokens,
                   const TokenGradients<float>* to);
void spread_tokens(int64_t count, int64_t width, const double* d_tokens,
                   const TokenGradients<double>* to);

/// out[i] = factor[i] * x[i], rows of `width`.
void scale_rows(int64_t count, int64_t width, const float* factor, const float* x, float* out);

/// The outputs of a read-out of K Gaussians of one dimension: their 3 K parameters and, over a
/// base, a gate, P in all, then `reads` rows of weights of the numbers x.
///
///   mean_k <- mean_k + sum_j weight_{k mod reads, j} x_j
///
/// Shapes  outputs [rows, P + reads * numbers], x [rows, numbers], params [rows, P].
struct ShiftShape {
  int64_t rows, components, gates, reads, numbers;
  const float *outputs, *x;

  [[nodiscard]] int64_t num_params() const { return 3 * components + gates; }
  [[nodiscard]] int64_t num_outputs() const { return num_params() + reads * numbers; }
};
void shift_means(const ShiftShape& of, float* params);
/// Without looking at `outputs`.
void shift_means_backward(const ShiftShape& of, const float* d_params, float* d_outputs);

/// Rows of logits, a bias for all of them, the class that each row has.
template <class T>
struct Classes {
  int64_t rows, classes;
  const T* bias;
  const int64_t* index;
};
/// logits <- log softmax(logits + bias); log_prob [rows] of each row's class.
void log_softmax(const Classes<float>& of, float* logits, float* log_prob);
void log_softmax(const Classes<double>& of, double* logits, double* log_prob);
/// The gradient of `logits` [rows, classes] from that of log_prob [rows].
void log_softmax_backward(const Classes<float>& of, const float* log_softmax, const float* d,
                          float* d_logits);
void log_softmax_backward(const Classes<double>& of, const double* log_softmax, const double* d,
                          double* d_logits);

}  // namespace limbic::brain::kernels
