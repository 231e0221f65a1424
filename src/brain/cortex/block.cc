#include "limbic/brain/cortex/block.h"

#include <torch/torch.h>

#include <cmath>
#include <utility>
#include <vector>

#include "limbic/brain/cortex/bfloat16.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/init.h"

namespace limbic::brain {
namespace {

using kernels::Product;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// to <- factor * product + beta * to, of a and b rounded to bfloat16.
void multiply(Product product, const kernels::GemmShape& shape, float factor, const at::Tensor& a,
              const at::Tensor& b, float beta, float* to) {
  std::vector<uint16_t> scratch((shape.m + shape.n) * shape.k);
  kernels::gemm_bfloat16(product, shape, factor, a.const_data_ptr<float>(),
                         b.const_data_ptr<float>(), beta, to, scratch.data());
}

/// x W' in float32 on the CPU, as the fused blocks compute it.
class RoundedProduct : public torch::autograd::Function<RoundedProduct> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& x,
                            const at::Tensor& weight) {
    auto y = at::empty({x.size(0), weight.size(0)}, x.options());
    multiply(Product::kForward, {y.size(0), y.size(1), x.size(1)}, 1, x, weight, 0,
             y.mutable_data_ptr<float>());
    context->save_for_backward({x, weight});
    return y;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto inputs = context->get_saved_variables();
    const auto d_y = gradients[0].contiguous();
    const int64_t n = d_y.size(0), out = d_y.size(1), in = inputs[0].size(1);
    GradientPlaces<float> found(inputs, 0, *context);
    const auto &x = found.places[0], &weight = found.places[1];
    if (x.to) multiply(Product::kInput, {n, in, out}, x.factor, d_y, inputs[1], 1, x.to);
    if (weight.to)
      multiply(Product::kWeight, {out, in, n}, weight.factor, d_y, inputs[0], 1, weight.to);
    return std::move(found.own);
  }
};

}  // namespace

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
  if (precision_ == kernels::Precision::kFull) return at::linear(x, weight, bias);
  if (!x.is_cpu())
    return at::linear(x.to(at::kBFloat16), weight.to(at::kBFloat16)).to(x.scalar_type()) + bias;
  const bool rounds = kernels::multiplies_bfloat16() && x.scalar_type() == at::kFloat;
  return rounds ? RoundedProduct::apply(x.contiguous(), weight) + bias
                : at::linear(x, weight, bias);
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
