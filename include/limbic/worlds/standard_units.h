#pragma once

#include <ATen/core/Tensor.h>

#include "limbic/worlds/variable.h"

namespace limbic::worlds {

/// The numbers that a cortex computes with, f the variable's transform:
///
///   z = (f(x) - center) / scale
///
/// Shapes  all functions here go element by element. What f can't take (an absent cell's 0, of
///         log) and what float32 can't hold on the way gives some finite number.
at::Tensor standard_units(const Variable& variable, const at::Tensor& x);

at::Tensor transformed(const Transform& transform, const at::Tensor& x);
/// x of f(x), the nearest that float32 holds, of log above 0; of an infinite f(x) the bound itself.
at::Tensor restored(const Transform& transform, const at::Tensor& y);
/// log f'(x): what turns a log density of f(x) into one of x.
at::Tensor log_slope(const Transform& transform, const at::Tensor& x);

}  // namespace limbic::worlds
