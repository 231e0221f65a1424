#include "limbic/brain/cortex/block.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "limbic/brain/cortex/bfloat16.h"
#include "limbic/brain/init.h"

namespace limbic::brain {

BlockImpl::BlockImpl(const TransformerConfig& config, const Stream& stream,
                     std::shared_ptr<Dropout> dropout)
    : num_heads_(config.heads), precision_(config.precision), dropout_(std::move(dropout)) {
  const int64_t width = config.width;
  const int64_t hidden = config.expansion * width;
  const double residual = 1.0 / std::sqrt(2.0 * static_cast<double>(config.blocks));
  const auto weight = [&](const char* name, int64_t out, int64_t in, double gain) {
    return register_parameter(name, linear_init(stream.child(name), out, in).mul_(gain));
  };
  const auto constant = [&](const char* name, int64_t size, double value) {
    return register_parameter(name, at::full({size}, value));
  };
  norm1_weight_ = constant("norm1_weight", width, 1);
  norm1_bias_ = constant("norm1_bias", width, 0);
  query_ = weight("query", width, width, 1);
  query_bias_ = constant("query_bias", width, 0);
  keys_ = weight("keys", 2 * width, width, 1);
  keys_bias_ = constant("keys_bias", 2 * width, 0);
  out_ = weight("out", width, width, residual);
  out_bias_ = constant("out_bias", width, 0);
  norm2_weight_ = constant("norm2_weight", width, 1);
  norm2_bias_ = constant("norm2_bias", width, 0);
  in_ = weight("in", hidden, width, std::sqrt(2.0));
  in_bias_ = constant("in_bias", hidden, 0);
  back_ = weight("back", width, hidden, residual);
  back_bias_ = constant("back_bias", width, 0);
}

at::Tensor BlockImpl::linear(const at::Tensor& x, const at::Tensor& weight,
                             const at::Tensor& bias) const {
  const bool rounds = precision_ == kernels::Precision::kBfloat16 &&
                      (!x.device().is_cpu() || kernels::multiplies_bfloat16());
  if (!rounds) return at::linear(x, weight, bias);
  return at::linear(x.to(at::kBFloat16), weight.to(at::kBFloat16)).to(x.scalar_type()) + bias;
}

at::Tensor BlockImpl::norm(const at::Tensor& x) {
  return at::layer_norm(x, {x.size(1)}, norm1_weight_, norm1_bias_);
}

at::Tensor BlockImpl::keys(const at::Tensor& normed) { return linear(normed, keys_, keys_bias_); }

at::Tensor BlockImpl::attend(const at::Tensor& normed, const at::Tensor& keys, const Reach& reach) {
  const auto queries = linear(normed, query_, query_bias_);
  return prefix_attention(queries, keys, num_heads_, reach);
}

at::Tensor BlockImpl::finish(const at::Tensor& x, const at::Tensor& attended) {
  const auto read = x + (*dropout_)(linear(attended, out_, out_bias_));
  const auto normed = at::layer_norm(read, {x.size(1)}, norm2_weight_, norm2_bias_);
  const auto hidden = linear(normed, in_, in_bias_).relu_();
  return read + (*dropout_)(linear(hidden, back_, back_bias_));
}

}  // namespace limbic::brain
