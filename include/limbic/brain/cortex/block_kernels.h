#pragma once

#include <cstdint>

/// What stands between the matrix products of a transformer block, forward and backward: plain
/// row-major buffers in float32 or float64, one thread, no torch headers.
///
/// Shapes  x, y, added and their gradients [rows, width]; bias, weight and theirs [width];
///         statistics [rows, 2]: mean and reciprocal standard deviation of each row.
namespace limbic::brain::kernels {

inline constexpr double kNormEpsilon = 1e-5;

/// An affine layer norm's parameters, and what its backward adds to their gradients.
template <class T>
struct Norm {
  const T* weight;
  const T* bias;
};
template <class T>
struct NormGradient {
  T* weight;
  T* bias;
};

/// y = x + added + bias, unless `added` is null: then y is x and not written. normed = norm(y).
template <class T>
struct AddNorm {
  int64_t rows, width;
  const T* x;
  const T* added;
  const T* bias;
  Norm<T> norm;
};
void add_norm(const AddNorm<float>& in, float* y, float* normed, float* statistics);
void add_norm(const AddNorm<double>& in, double* y, double* normed, double* statistics);

/// d_y += the gradient through normed; adds to `gradient`, and to `sum`, where there is one, the
/// columns' sums of the d_y that results.
template <class T>
struct NormBackward {
  int64_t rows, width;
  const T* y;
  const T* statistics;
  const T* weight;
  const T* d_normed;
};
void norm_backward(const NormBackward<float>& in, float* d_y, const NormGradient<float>& gradient,
                   float* sum);
void norm_backward(const NormBackward<double>& in, double* d_y,
                   const NormGradient<double>& gradient, double* sum);

/// x <- x + bias.
void add_bias(int64_t rows, int64_t width, const float* bias, float* x);
void add_bias(int64_t rows, int64_t width, const double* bias, double* x);
/// sum += the columns' sums of x.
void add_columns(int64_t rows, int64_t width, const float* x, float* sum);
void add_columns(int64_t rows, int64_t width, const double* x, double* sum);

}  // namespace limbic::brain::kernels
