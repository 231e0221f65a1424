#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/cortex/base/base_posterior.h"
#include "limbic/brain/cortex/mixture.h"

namespace limbic::brain {

/// The queries about one variable, the values that answer them, and its read-out.
///
/// Shapes  n queries, D size of a query's state, P outputs, d dimensions of a mixture, N numbers
///         that a query sees.
struct HeadQueries {
  at::Tensor weight, bias;  // [P, D], [P]
  at::Tensor query;         // [n]: which states
  at::Tensor cell;          // [n]: where its log p belongs
  at::Tensor values;        // of a category [n] classes; else [n, d] in standardised units
  MixtureSpec spec{};       // of what is no category
  int64_t reads = 0;        // weighted sums of numbers that shift the mixture's means
  at::Tensor numbers{};     // [queries, N] what they weigh
  double log_unit = 0;      // is added to each log p
  at::Tensor log_slope{};   // [n], added to log p as well; undefined: nothing
  // Of what stands over a base, whose components are a mixture's last ones:
  BasePosterior base{};     // of all queries; of a category none
  at::Tensor base_log_p{};  // of a category [n, classes]
};

/// log p of each query's value at its cell, 0 at all other cells, of all variables at once:
/// [num_cells].
///
/// Shapes  state [queries, D], contiguous on the CPU, float32; float64 if all are categories.
at::Tensor fused_heads(const at::Tensor& state, const std::vector<HeadQueries>& all,
                       int64_t num_cells);

}  // namespace limbic::brain
