#include "limbic/brain/cortex/fused_layers.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "limbic/brain/cortex/direct_kernels.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/core/profile.h"

namespace limbic::brain {
namespace {

using kernels::Product;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

// Of the function; after them weight and bias of each further layer, the gain of each, if they have
// any, at last `in`, if there is one.
enum Input : size_t { kX, kSite, kFirstWeight };

/// Which of a function's inputs is what.
struct InputIndex {
  int64_t layers;
  bool has_gains, has_in;  // no `in`: x is its product

  explicit InputIndex(const Layers& of)
      : layers(1 + std::ssize(of.weight)), has_gains(!of.gain.empty()), has_in(of.in.defined()) {}
  explicit InputIndex(AutogradContext& context)
      : layers(context.saved_data["layers"].toInt()),
        has_gains(context.saved_data["has_gains"].toBool()),
        has_in(context.saved_data["has_in"].toBool()) {}
  void save(AutogradContext& context) const {
    context.saved_data["layers"] = layers;
    context.saved_data["has_gains"] = has_gains;
    context.saved_data["has_in"] = has_in;
  }

  [[nodiscard]] static size_t weight(int64_t layer) { return kFirstWeight + 2 * (layer - 1); }
  [[nodiscard]] static size_t bias(int64_t layer) { return layer > 0 ? weight(layer) + 1 : kSite; }
  [[nodiscard]] size_t gain(int64_t layer) const { return weight(layers) + layer; }
  [[nodiscard]] size_t in() const { return gain(has_gains ? layers : 0); }
  [[nodiscard]] size_t size() const { return in() + (has_in ? 1 : 0); }
};

/// What a call keeps beside its inputs; after these come its factors, if there are any.
enum Kept : size_t { kQuerySite, kWorkspace, kOut, kFirstFactor };

/// Sizes, and where each layer's result stands: the last one's in `out`, the others' and room for
/// two gradients in the workspace. What is dropped is 0 there, so relu's backward drops it too.
/// Where there are gains, results stand in the workspace without them, and one more place there
/// holds what the next layer reads.
template <class T>
struct Net {
  InputIndex index;
  const tensor_list &inputs, &kept;
  int64_t n, width, num_inputs;
  kernels::QuerySites sites;
  T *workspace, *out;

  Net(const InputIndex& positions, const tensor_list& all, const tensor_list& kept_beside)
      : index(positions),
        inputs(all),
        kept(kept_beside),
        n(kept[kQuerySite].size(0)),
        width(all[kSite].size(1)),
        num_inputs(all[kX].size(1)),
        sites{n, width, kept[kQuerySite].template const_data_ptr<int64_t>()},
        workspace(kept[kWorkspace].template mutable_data_ptr<T>()),
        out(kept[kOut].template mutable_data_ptr<T>()) {}

  const T* of(size_t input) const { return inputs[input].template const_data_ptr<T>(); }
  T* room(int64_t which) const { return workspace + which * n * width; }
  T* result(int64_t layer) const {
    return layer + 1 == index.layers && !index.has_gains ? out : room(layer);
  }
  T* gradient(int64_t which) const {
    return room((index.has_gains ? index.layers + 1 : index.layers - 1) + which);
  }
  // What comes after a layer reads.
  const T* apply_gain(int64_t layer) const {
    if (!index.has_gains) return result(layer);
    T* const to = layer + 1 == index.layers ? out : room(index.layers);
    kernels::site_gain(sites, of(index.gain(layer)), result(layer), to);
    return to;
  }
  // Which of a layer's biases each query reads: its site's, or all queries the same.
  kernels::QuerySites bias_sites(int64_t layer) const {
    return inputs[InputIndex::bias(layer)].dim() == 2 ? sites
                                                      : kernels::QuerySites{n, width, nullptr};
  }
  // Of a layer's units, what is dropped becomes 0.
  void drop(int64_t layer, T* x) const {
    if (kept.size() == kFirstFactor) return;
    const T* const by = kept[kFirstFactor + layer].template const_data_ptr<T>();
    for (int64_t i = 0; i < n * width; ++i) x[i] *= by[i];
  }
};

int64_t workspace_size(const InputIndex& index, const tensor_list& all, int64_t n) {
  return (index.layers + (index.has_gains ? 3 : 1)) * n * all[kSite].size(1);
}

template <class T>
void run_forward(const Net<T>& net) {
  T* const first = net.result(0);
  if (net.index.has_in) {
    kernels::gemm(Product::kForward, {net.n, net.width, net.num_inputs}, T(1), net.of(kX),
                  net.of(net.index.in()), T(0), first);
  } else {
    std::copy_n(net.of(kX), net.n * net.width, first);
  }
  for (int64_t layer = 0; layer < net.index.layers; ++layer) {
    T* const result = net.result(layer);
    if (layer > 0) {
      kernels::gemm(Product::kForward, {net.n, net.width, net.width}, T(1),
                    net.apply_gain(layer - 1), net.of(InputIndex::weight(layer)), T(0), result);
    }
    kernels::site_relu(net.bias_sites(layer), net.of(InputIndex::bias(layer)), result);
    net.drop(layer, result);
  }
  net.apply_gain(net.index.layers - 1);
}

// From the gradient of what a layer gives to that of its product, in place.
template <class T>
void backward_units(const Net<T>& net, int64_t layer, T* d,
                    const std::vector<GradientPlace<T>>& places) {
  if (net.index.has_gains) {
    const size_t gain = net.index.gain(layer);
    std::vector<T> d_gain(net.inputs[gain].numel());
    kernels::site_gain_backward(net.sites, net.of(gain), net.result(layer), d, d_gain.data());
    places[gain].add(std::ssize(d_gain), d_gain.data());
  }
  net.drop(layer, d);
  const size_t bias = InputIndex::bias(layer);
  std::vector<T> d_bias(net.inputs[bias].numel());
  kernels::site_relu_backward(net.bias_sites(layer), net.result(layer), d, d_bias.data());
  places[bias].add(std::ssize(d_bias), d_bias.data());
}

template <class T>
void run_backward(const Net<T>& net, const T* d_out, const std::vector<GradientPlace<T>>& places) {
  T *d = net.gradient(0), *d_before = net.gradient(1);
  std::copy_n(d_out, net.n * net.width, d);
  for (int64_t layer = net.index.layers - 1; layer > 0; --layer) {
    const size_t weight = InputIndex::weight(layer);
    backward_units(net, layer, d, places);
    if (places[weight].to) {
      kernels::gemm(Product::kWeight, {net.width, net.width, net.n}, places[weight].factor, d,
                    net.apply_gain(layer - 1), T(1), places[weight].to);
    }
    kernels::gemm(Product::kInput, {net.n, net.width, net.width}, T(1), d, net.of(weight), T(0),
                  d_before);
    std::swap(d, d_before);
  }
  backward_units(net, 0, d, places);
  if (!net.index.has_in) {
    places[kX].add(net.n * net.width, d);
    return;
  }
  const size_t in = net.index.in();
  if (places[in].to) {
    kernels::gemm(Product::kWeight, {net.width, net.num_inputs, net.n}, places[in].factor, d,
                  net.of(kX), T(1), places[in].to);
  }
  if (places[kX].to) {
    kernels::gemm(Product::kInput, {net.n, net.num_inputs, net.width}, T(1), d, net.of(in), T(0),
                  places[kX].to);
  }
}

at::Tensor forward_of(const InputIndex& index, const tensor_list& inputs, const tensor_list& kept) {
  by_type(kept[kOut].scalar_type(), [&]<class T>(T) { run_forward<T>({index, inputs, kept}); });
  return kept[kOut];
}

template <class T>
tensor_list backward_of(const AutogradContext& context, const Net<T>& net,
                        const at::Tensor& d_out) {
  GradientPlaces<T> gradients(net.inputs, 0, context);
  run_backward(net, d_out.const_data_ptr<T>(), gradients.places);
  return std::move(gradients.own);
}

class FusedLayers : public torch::autograd::Function<FusedLayers> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const InputIndex& index, const tensor_list& kept) {
    tensor_list saved = inputs.vec();
    const auto out = forward_of(index, saved, kept);
    index.save(*context);
    saved.insert(saved.end(), kept.begin(), kept.end());
    context->save_for_backward(std::move(saved));
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const profile::Span span("direct backward");
    tensor_list inputs = context->get_saved_variables();
    const InputIndex index(*context);
    const auto num_inputs = static_cast<int64_t>(index.size());
    const tensor_list kept(inputs.begin() + num_inputs, inputs.end());
    inputs.resize(num_inputs);
    const auto d_out = gradients[0].contiguous();
    auto result = by_type(d_out.scalar_type(), [&]<class T>(T) {
      return backward_of<T>(*context, {index, inputs, kept}, d_out);
    });
    result.resize(result.size() + 2);  // the index and what is kept
    return result;
  }
};

// Errors  as fused_layers'.
void check(const tensor_list& inputs, const at::Tensor& query_site, const Layers& layers) {
  const auto& x = inputs[kX];
  const auto type = x.scalar_type();
  const auto is_fit = [&](const at::Tensor& t) {
    return t.is_cpu() && t.is_contiguous() && t.scalar_type() == type;
  };
  TORCH_CHECK((type == at::kFloat || type == at::kDouble) && std::ranges::all_of(inputs, is_fit) &&
                  query_site.is_contiguous() && x.size(0) == query_site.size(0),
              "layers by hand read contiguous rows of float32 or float64 on the CPU, one a query; "
              "got ",
              x.sizes(), " of ", type, " for ", query_site.size(0));
  const size_t count = 1 + layers.weight.size();
  const auto &factor = layers.factor, &gain = layers.gain;
  const auto of_units = [&](const at::Tensor& t) {
    return is_fit(t) && t.size(0) == x.size(0) && t.size(1) == layers.site.size(1);
  };
  TORCH_CHECK(factor.empty() || (factor.size() == count && std::ranges::all_of(factor, of_units)),
              "each of ", count, " layers takes factors of its ", x.size(0), " by ",
              layers.site.size(1), " units, or none does; got ", factor.size(), " of ",
              factor.empty() ? at::IntArrayRef() : factor.front().sizes());
  const auto of_sites = [&](const at::Tensor& t) { return t.sizes() == layers.site.sizes(); };
  TORCH_CHECK(gain.empty() || (gain.size() == count && std::ranges::all_of(gain, of_sites)),
              "each of ", count, " layers takes gains of its sites' units ", layers.site.sizes(),
              ", or none does; got ", gain.size(), " of ",
              gain.empty() ? at::IntArrayRef() : gain.front().sizes());
}

}  // namespace

at::Tensor fused_layers(const at::Tensor& x, const at::Tensor& query_site, const Layers& layers,
                        Workspaces& workspaces) {
  const profile::Span span("direct forward");
  tensor_list inputs{x, layers.site};
  for (size_t layer = 0; layer < layers.weight.size(); ++layer)
    inputs.insert(inputs.end(), {layers.weight[layer], layers.bias[layer]});
  inputs.insert(inputs.end(), layers.gain.begin(), layers.gain.end());
  if (layers.in.defined()) inputs.push_back(layers.in);
  check(inputs, query_site, layers);
  const InputIndex index(layers);
  tensor_list kept{query_site,
                   workspaces.borrow(workspace_size(index, inputs, x.size(0)), x.scalar_type()),
                   at::empty({x.size(0), layers.site.size(1)}, x.options())};
  kept.insert(kept.end(), layers.factor.begin(), layers.factor.end());
  if (is_learned(inputs)) return FusedLayers::apply(at::TensorList(inputs), index, kept);
  return forward_of(index, inputs, kept);
}

}  // namespace limbic::brain
