#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <memory>

#include "limbic/brain/cortex/attention.h"
#include "limbic/brain/cortex/dropout.h"
#include "limbic/brain/cortex/transformer_config.h"
#include "limbic/core/stream.h"

namespace limbic::brain {

/// A pre-norm transformer block that reads keys made elsewhere, so that queries need none of their
/// own and a cache can grow.
///
///   x <- x + drop(O attend(Q norm(x), keys));  x <- x + drop(W2 relu(W1 norm(x)))
///
/// Shapes  x: [tokens, D], any number of rows' tokens one after the other; keys: [B * m, 2 D].
class BlockImpl : public torch::nn::Module {
 public:
  BlockImpl(const TransformerConfig& config, const Stream& stream,
            std::shared_ptr<Dropout> dropout);

  at::Tensor norm(const at::Tensor& x);
  /// Keys and values of normed tokens.
  at::Tensor keys(const at::Tensor& normed);
  /// `normed` must be norm(x).
  at::Tensor attend(const at::Tensor& normed, const at::Tensor& keys, const Reach& reach);
  /// Adds attended reads to x, then the MLP's output.
  at::Tensor finish(const at::Tensor& x, const at::Tensor& attended);

 private:
  /// x W' + b, of rounded operands where the precision is bfloat16; on a device LibTorch rounds
  /// what comes out as well.
  [[nodiscard]] at::Tensor linear(const at::Tensor& x, const at::Tensor& weight,
                                  const at::Tensor& bias) const;

  int64_t num_heads_;
  kernels::Precision precision_;
  std::shared_ptr<Dropout> dropout_;
  at::Tensor norm1_weight_, norm1_bias_, norm2_weight_, norm2_bias_;
  at::Tensor query_, query_bias_, keys_, keys_bias_, out_, out_bias_, in_, in_bias_, back_,
      back_bias_;
};
TORCH_MODULE(Block);

}  // namespace limbic::brain
