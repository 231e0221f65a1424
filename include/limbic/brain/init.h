#pragma once

#include <ATen/core/Tensor.h>

#include <string>

#include "limbic/core/stream.h"

namespace limbic::brain {

/// A parameter drawn from N(0, deviation^2).
at::Tensor normal_init(const Stream& stream, at::IntArrayRef shape, double deviation);
/// The weight [out, in] of a linear map that keeps the variance of its input.
at::Tensor linear_init(const Stream& stream, int64_t out, int64_t in);

/// What a parameter about a variable is called: `weight_sepal/length`, for torch allows no dot in
/// it. A `%` stands before each slash and `%` of the variable's own, so no two share a name.
std::string parameter_name(const std::string& what, const std::string& variable);

}  // namespace limbic::brain
