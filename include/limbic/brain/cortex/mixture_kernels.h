#pragma once

#include <cstdint>

/// Densities of mixtures of Gaussians, in float32: plain row-major buffers, one thread, no torch
/// headers.
namespace limbic::brain::kernels {

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
