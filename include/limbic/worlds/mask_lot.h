#pragma once

#include <ATen/core/Tensor.h>

namespace limbic::worlds {

/// A lot in [0, 1) for each row's mask, the same for equal masks and as if drawn for others. So a
/// share of all masks can be set apart without a list of them.
///
/// Shapes  mask [B, T, V] bool on the CPU -> [B] float64.
at::Tensor mask_lots(const at::Tensor& mask_BTV);

}  // namespace limbic::worlds
