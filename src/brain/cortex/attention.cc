#include "limbic/brain/cortex/attention.h"

#include <torch/torch.h>

#include <cmath>
#include <optional>

#include "limbic/brain/cortex/attention_kernels.h"

namespace limbic::brain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Nothing hidden; of weights [rows, heads, n, stride].
kernels::AttentionShape shape_of(const at::Tensor& q, const at::Tensor& kv,
                                 const at::Tensor& weights, const at::Tensor& prefix) {
  const int64_t rows = weights.size(0), heads = weights.size(1);
  return {rows,   weights.size(2),   kv.size(0) / rows,
          heads,  q.size(1) / heads, prefix.const_data_ptr<int64_t>(),
          nullptr};
}

class PrefixAttention : public torch::autograd::Function<PrefixAttention> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& q, const at::Tensor& kv,
                            int64_t num_rows, int64_t num_heads, const at::Tensor& prefix,
                            const std::optional<at::Tensor>& padding) {
    const int64_t n = q.size(0) / num_rows;
    const int64_t m = kv.size(0) / num_rows;
    auto weights = at::empty({num_rows, num_heads, n, kernels::weight_stride(m)}, q.options());
    auto out = at::empty_like(q);
    auto shape = shape_of(q, kv, weights, prefix);
    if (padding) shape.padded = padding->const_data_ptr<uint8_t>();
    kernels::attention_forward(shape, q.const_data_ptr<float>(), kv.const_data_ptr<float>(),
                               weights.mutable_data_ptr<float>(), out.mutable_data_ptr<float>());
    context->save_for_backward({q, kv, weights, prefix});
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto& q = saved[0];
    const auto& kv = saved[1];
    const auto& weights = saved[2];
    const auto& prefix = saved[3];
    const auto d_out = gradients[0].contiguous();
    auto d_q = at::empty_like(q);
    auto d_kv = at::empty_like(kv);
    kernels::attention_backward(shape_of(q, kv, weights, prefix), q.const_data_ptr<float>(),
                                kv.const_data_ptr<float>(), weights.const_data_ptr<float>(),
                                d_out.const_data_ptr<float>(), d_q.mutable_data_ptr<float>(),
                                d_kv.mutable_data_ptr<float>());
    return {d_q, d_kv, at::Tensor(), at::Tensor(), at::Tensor(), at::Tensor()};
  }
};

}  // namespace

at::Tensor prefix_attention_reference(const at::Tensor& q, const at::Tensor& kv, int64_t num_heads,
                                      const Reach& reach) {
  const int64_t num_rows = reach.num_rows;
  const int64_t n = q.size(0) / num_rows;
  const int64_t m = kv.size(0) / num_rows;
  const int64_t size = q.size(1) / num_heads;
  const auto heads_first = [&](const at::Tensor& x, int64_t count) {
    return x.reshape({num_rows, count, num_heads, size}).transpose(1, 2);
  };
  const auto keys_values = kv.chunk(2, 1);
  auto hidden =
      at::arange(m, reach.prefix.options()).unsqueeze(0) >= reach.prefix.unsqueeze(1);  // [n, m]
  if (reach.padding.defined())
    hidden = hidden.logical_or(reach.padding.to(at::kBool).view({num_rows, 1, 1, m}));
  const auto scores =
      at::matmul(heads_first(q, n), heads_first(keys_values[0], m).transpose(2, 3)) /
      std::sqrt(static_cast<double>(size));
  const auto weights = scores.masked_fill(hidden, -1e30).softmax(-1);
  return at::matmul(weights, heads_first(keys_values[1], m))
      .transpose(1, 2)
      .reshape({num_rows * n, num_heads * size});
}

at::Tensor prefix_attention(const at::Tensor& q, const at::Tensor& kv, int64_t num_heads,
                            const Reach& reach) {
  const bool fused = q.device().is_cpu() && q.scalar_type() == at::kFloat;
  if (!fused) return prefix_attention_reference(q, kv, num_heads, reach);
  return PrefixAttention::apply(
      q.contiguous(), kv.contiguous(), reach.num_rows, num_heads, reach.prefix,
      reach.padding.defined() ? std::optional(reach.padding) : std::nullopt);
}

}  // namespace limbic::brain
