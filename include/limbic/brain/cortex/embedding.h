#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <vector>

#include "limbic/brain/cortex/fused_tokens.h"
#include "limbic/brain/cortex/transformer_config.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// Turns values into tokens: what is there (by kind), where it is (variable, cell, tick).
///
/// Scalars enter as (z, asinh z, Fourier features) through an MLP that all scalars share;
/// categories by table; vectors by a linear map.
/// Shapes  B rows, S sites, D width.
class EmbeddingImpl : public torch::nn::Module {
 public:
  EmbeddingImpl(const TransformerConfig& config, const worlds::Schema& schema,
                const Stream& stream);

  /// Every site's value and place, whether or not anything is there: [B, S, D].
  at::Tensor values(const worlds::Episodes& episodes);
  /// The same unadded, for a function by hand, with what belongs to no value or place.
  TokenParts parts(const worlds::Episodes& episodes, const at::Tensor& null,
                   const at::Tensor& role);
  /// What values of one variable say, without their places: [..., D] of [...], of a vector [...,
  /// size].
  at::Tensor content(int64_t variable, const at::Tensor& value);
  /// Every site's place alone: [S, D].
  at::Tensor places();

 private:
  at::Tensor scalar(const at::Tensor& z);
  std::vector<at::Tensor> contents(const worlds::Episodes& episodes);

  worlds::Schema schema_;
  at::Tensor site_cell_, site_tick_;  // [S]
  std::vector<at::Tensor> table_;  // per variable: [size, D] of a category, [D, size] of a vector,
                                   // undefined for a scalar
  at::Tensor cell_, tick_;         // [V, D], [T, D]
  at::Tensor frequency_;           // [F]
  at::Tensor scalar_in_, scalar_bias_, scalar_out_;
};
TORCH_MODULE(Embedding);

}  // namespace limbic::brain
