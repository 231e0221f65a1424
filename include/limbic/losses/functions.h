#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

/// The ordinary losses, as pure functions of tensors to a scalar.
///
///   loss = sum(weight * element) / sum(weight),  0 with gradient 0 where all weights are 0
///
/// Shapes  `weight` has one number per element (for cosine and the like: per row of features), or
///         is undefined: all 1. Nothing is broadcast.
/// Units   nats, or the square of what goes in.
/// Errors  c10::Error on shapes that do not fit. What a weight of 0 hides must still be finite.
/// Cost    no host sync.
namespace limbic::losses {

at::Tensor weighted_mean(const at::Tensor& element, const at::Tensor& weight = {});

at::Tensor mse(const at::Tensor& prediction, const at::Tensor& target,
               const at::Tensor& weight = {});
/// Quadratic up to `delta`, linear beyond: x^2 / 2, delta (|x| - delta / 2).
at::Tensor huber(const at::Tensor& prediction, const at::Tensor& target, double delta,
                 const at::Tensor& weight = {});
/// Cross-entropy of a claim; target in [0, 1].
at::Tensor bce(const at::Tensor& logit, const at::Tensor& target, const at::Tensor& weight = {});
/// logits [..., C], index [...] int64.
at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& index,
                         const at::Tensor& weight = {});

/// An independent Gaussian per element. A variance below 1e-6 counts as 1e-6.
struct GaussianPrediction {
  at::Tensor mean, variance;
};
/// With its constant, (log(2 pi variance) + (target - mean)^2 / variance) / 2.
at::Tensor gaussian_nll(const GaussianPrediction& prediction, const at::Tensor& target,
                        const at::Tensor& weight = {});

/// KL(p || q) of categories, both [..., C] logits.
at::Tensor kl(const at::Tensor& p_logits, const at::Tensor& q_logits,
              const at::Tensor& weight = {});

/// 1 - cos of the angle between rows [..., D].
at::Tensor cosine(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight = {});
/// Finds row i of b [n, D] among all rows of b by row i of a, and the other way round.
///
///   s_ij = cos(a_i, b_j) / temperature;  -(log softmax_j(s)_ii + log softmax_i(s)_ii) / 2
///
/// A row of weight 0 is no row's alternative either.
/// Source  van den Oord et al. 2018, arXiv:1807.03748; symmetric as in arXiv:2103.00020.
at::Tensor info_nce(const at::Tensor& a, const at::Tensor& b, double temperature,
                    const at::Tensor& weight = {});

/// mse to a target that learns nothing.
at::Tensor consistency(const at::Tensor& prediction, const at::Tensor& target,
                       const at::Tensor& weight = {});
/// Half the sum of squares: its gradient is the parameter itself.
at::Tensor l2(const std::vector<at::Tensor>& parameters);

}  // namespace limbic::losses
