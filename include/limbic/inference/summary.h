#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/cortex/distribution.h"

namespace limbic::inference {

/// What is believed of scalars, cell by cell.
///
/// Shapes  mean and deviation [...], quantiles [..., Q], undefined where none are asked for:
///         float64 on the CPU.
/// Units   raw.
struct Summary {
  at::Tensor mean, deviation, quantiles;
};

/// Of mixtures of one dimension [..., K, 1]. The deviation is by a grid over each component, of
/// which the part farther than 9 of its own deviations is left out.
Summary summary_of(const brain::GaussianMixture& mixture, const std::vector<double>& quantiles);

/// Of samples [S, ...].
Summary summary_of(const at::Tensor& samples, const std::vector<double>& quantiles);

}  // namespace limbic::inference
