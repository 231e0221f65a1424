#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/cortex/workspaces.h"

namespace limbic::brain {

/// A plain network whose first biases are those of the site that a query is about.
///
///   h = (1 + g0) f0 relu(in x + site),  h <- (1 + gi) fi relu(weight h + bias) for each further
///   layer
///
/// Shapes  n queries, I inputs, H width, S sites: in [H, I], or undefined: then x [n, H] is what
///         `in` would make; site [S, H]; weights [H, H]; biases [H], or [S, H] of a query's site;
///         factors f [n, H] of each layer's units, 0 or more (dropout), or none at all; gains g
///         [S, H] of each layer, or none.
struct Layers {
  at::Tensor in, site;
  std::vector<at::Tensor> weight, bias, factor = {}, gain = {};
};

/// The network as one function whose backward is written by hand: [n, H].
///
/// Shapes  x [n, I], query_site [n] in [S], contiguous on the CPU; float32 or float64.
/// Cost    gradients of parameters that a GradientSink knows go there and nowhere else.
at::Tensor fused_layers(const at::Tensor& x, const at::Tensor& query_site, const Layers& layers,
                        Workspaces& workspaces);

}  // namespace limbic::brain
