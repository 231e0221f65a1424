#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

/// How well scores put positives before negatives.
///
/// Shapes  scores [n] of any number type, is_positive [n] bool, groups [n] numbers.
/// Errors  c10::Error on shapes that differ. NaN scores are the caller's to leave out.
/// Cost    a sort, in float64 on the CPU.
namespace limbic::evals {

/// P(score of a positive > score of a negative) + P(equal) / 2; NaN without both kinds.
double auroc(const at::Tensor& scores, const at::Tensor& is_positive);

/// The lowest AUROC of the positives of one group against all negatives; NaN without both kinds.
double worst_auroc(const at::Tensor& scores, const at::Tensor& is_positive,
                   const at::Tensor& groups);

/// Share of positives among the k highest scores, in expectation over the order of equal scores.
/// NaN of fewer than k rows.
double precision_at(int64_t k, const at::Tensor& scores, const at::Tensor& is_positive);

}  // namespace limbic::evals
