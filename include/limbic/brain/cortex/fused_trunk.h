#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/layout.h"
#include "limbic/brain/cortex/workspaces.h"

namespace limbic::brain {

struct TrunkOptions {
  int64_t num_heads;
  kernels::Precision precision;  // of float32's matrix products
};

/// What a transformer's blocks and final norm make of their tokens, as one function whose backward
/// is written by hand (TrunkEngine): states of the queries.
///
/// Shapes  tokens [all rows' keys, then all rows' queries; D]; parameters: those of each block as
///         BlockImpl registers them, then the final norm's weight and bias; result [B *
///         num_queries, D].
/// Cost    gradients of parameters that a GradientSink knows go there and nowhere else.
/// Errors  TORCH_CHECK unless everything is float32, or float64, on the CPU.
at::Tensor fused_trunk(const at::Tensor& tokens, const std::vector<at::Tensor>& parameters,
                       const Layout& layout, const TrunkOptions& options, Workspaces& workspaces);

}  // namespace limbic::brain
