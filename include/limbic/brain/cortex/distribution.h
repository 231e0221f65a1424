#pragma once

#include <ATen/core/Tensor.h>

#include <cmath>
#include <limits>
#include <variant>
#include <vector>

#include "limbic/core/stream.h"
#include "limbic/worlds/transform.h"

namespace limbic::brain {

/// A choice among categories.
/// Shapes  logits: [..., size].
struct Categorical {
  at::Tensor logits;
};

/// A mixture of K Gaussians over d dimensions, in raw units y = f(x), f the variable's transform:
///
///   p(y) = sum_k softmax(logits)_k N(y; mean_k, diag(scale_k^2) + factor factor')
///
/// cut off where y is outside [low, high], where that is not everything: as a whole, and in one
/// dimension only.
///
/// Shapes  logits [..., K], mean and scale [..., K, d], factor [..., d, r], r >= 0.
struct GaussianMixture {
  at::Tensor logits, mean, scale, factor;
  double low = -std::numeric_limits<double>::infinity();
  double high = std::numeric_limits<double>::infinity();
  worlds::Transform transform = {};  // of one dimension

  [[nodiscard]] bool is_cut() const { return std::isfinite(low) || std::isfinite(high); }
};

using Distribution = std::variant<Categorical, GaussianMixture>;

/// One distribution per variable of the schema. Leading shape of each: [B, t, cells].
using Marginals = std::vector<Distribution>;

/// One of n categories by softmax(scores [..., n] / temperature): [...] int64. At 0 the likeliest.
at::Tensor draw_category(const at::Tensor& scores, double temperature, const Stream& stream);
/// The expected value of x: [..., d] of a mixture, probabilities [..., size] of a choice.
at::Tensor mean(const Distribution& distribution);
/// P(Z <= z) of a standard Gaussian, precise also far below 0.
at::Tensor normal_cdf(const at::Tensor& z);
/// Standard deviation of each component of a mixture of one dimension, before it is cut: [..., K]
/// float64.
at::Tensor component_deviation(const GaussianMixture& mixture);
/// How much of each component lies within [low, high], precise also where that is next to nothing:
/// [..., K] float64.
at::Tensor component_mass(const GaussianMixture& mixture);
/// log(Phi(high) - Phi(low)), low < high, by the tail in which both are small.
at::Tensor log_between(const at::Tensor& low, const at::Tensor& high);
/// The log of component_mass, also where that is less than float64 can hold.
at::Tensor log_component_mass(const GaussianMixture& mixture);
/// P(X <= x) under a mixture of one dimension, cut where it is: [...] float64, for x [...].
at::Tensor cdf(const GaussianMixture& mixture, const at::Tensor& x);

}  // namespace limbic::brain
