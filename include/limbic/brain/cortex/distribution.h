#pragma once

#include <ATen/core/Tensor.h>

#include <variant>
#include <vector>

namespace limbic::brain {

/// A choice among categories.
/// Shapes  logits: [..., size].
struct Categorical {
  at::Tensor logits;
};

/// A mixture of K Gaussians over d dimensions, in raw units:
///
///   p(x) = sum_k softmax(logits)_k N(x; mean_k, diag(scale_k^2) + factor factor')
///
/// Shapes  logits [..., K], mean and scale [..., K, d], factor [..., d, r], r >= 0.
struct GaussianMixture {
  at::Tensor logits, mean, scale, factor;
};

using Distribution = std::variant<Categorical, GaussianMixture>;

/// One distribution per variable of the schema. Leading shape of each: [B, t, cells].
using Marginals = std::vector<Distribution>;

/// The expected value: [..., d] of a mixture, probabilities [..., size] of a choice.
at::Tensor mean(const Distribution& distribution);

}  // namespace limbic::brain
