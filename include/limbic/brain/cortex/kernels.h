#pragma once

#include <cstdint>

/// Hand-written loops of the transformer, free of torch headers: plain buffers, row-major, one
/// thread, no allocation kept. Attention is in float32 and float64, the mixture in float32. They
/// are compiled once per instruction set and chosen at start by what the processor has.
namespace limbic::brain::kernels {

/// Multi-head attention of n queries a row to the first `prefix[i]` of m keys of the same row.
///
/// Shapes  q, out, d_out, d_q: [rows, n, heads * size]; kv, d_kv: [rows, m, 2, heads * size] (keys,
///         then values); weights: [rows, heads, n, weight_stride(m)], written by forward; padded:
///         [rows, m] bytes, 1 hides a key, or null; prefix: [n], each in [1, m].
struct AttentionShape {
  int64_t rows, n, m, heads, size;
  const int64_t* prefix;
  const uint8_t* padded;
};
int64_t weight_stride(int64_t m);
void attention_forward(const AttentionShape& shape, const float* q, const float* kv, float* weights,
                       float* out);
void attention_forward(const AttentionShape& shape, const double* q, const double* kv,
                       double* weights, double* out);
void attention_backward(const AttentionShape& shape, const float* q, const float* kv,
                        const float* weights, const float* d_out, float* d_q, float* d_kv);
void attention_backward(const AttentionShape& shape, const double* q, const double* kv,
                        const double* weights, const double* d_out, double* d_q, double* d_kv);

/// Log density of a mixture of K Gaussians that share a low-rank factor, and its gradient in one
/// pass.
///
///   log sum_k softmax(logit)_k N(x; mean_k, diag(exp(2 log_scale_k)) + F' F)
///
/// Shapes  items of `params` and `d_params` [n, K + 2 K d + r d]: logits K, means [K, d], log
///         scales [K, d], factor F [r, d]; x [n, d]; log_prob [n]. log scales are clamped to
///         [log_floor, -log_floor]; outside, their gradient is 0. d_params may be null.
/// Departs a mixture of one dimension may be cut off outside [low, high] and normalised again; its
///         mass within counts as kLeastMass at least.
struct MixtureShape {
  int64_t n, components, dimensions, rank;
  float log_floor;
  float low, high;
};
inline constexpr float kLeastMass = 1e-4F;
inline constexpr int64_t kMaxRank = 8;
void mixture_log_prob(const MixtureShape& shape, const float* params, const float* x,
                      float* log_prob, float* d_params);
/// The same of one dimension (without a factor), its components in lanes.
void scalar_mixture_log_prob(const MixtureShape& shape, const float* params, const float* x,
                             float* log_prob, float* d_params);

}  // namespace limbic::brain::kernels
