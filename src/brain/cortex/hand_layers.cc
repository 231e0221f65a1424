#include "limbic/brain/cortex/hand_layers.h"

#include <torch/torch.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "limbic/brain/cortex/block_kernels.h"
#include "limbic/brain/cortex/direct_kernels.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/core/trace.h"

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
  bool gains;

  [[nodiscard]] static size_t weight(int64_t layer) { return kFirstWeight + 2 * (layer - 1); }
  [[nodiscard]] static size_t bias(int64_t layer) { return layer > 0 ? weight(layer) + 1 : kSite; }
  [[nodiscard]] size_t gain(int64_t layer) const { return weight(layers) + layer; }
  /// None: x is its product.
  [[nodiscard]] std::optional<size_t> in(const tensor_list& inputs) const {
    const size_t last = gain(gains ? layers : 0);
    return last < inputs.size() ? std::optional(last) : std::nullopt;
  }
};

/// Sizes, and where each layer's result stands: the last one's in `out`, the others' and room for
/// two gradients in the workspace. What is dropped is 0 there, so relu's backward drops it too.
/// Where there are gains, results stand in the workspace without them, and one more place there
/// holds what the next layer reads.
template <class T>
struct Net {
  InputIndex index;
  int64_t n, width, num_inputs;
  kernels::QuerySites sites;
  T *workspace, *out;
  const tensor_list& inputs;
  tensor_list factor;  // of each layer's units, or none

  Net(InputIndex positions, const tensor_list& all, const at::Tensor& query_site, T* space,
      T* result, tensor_list factors)
      : index(positions),
        n(query_site.size(0)),
        width(all[kSite].size(1)),
        num_inputs(all[kX].size(1)),
        sites{n, width, query_site.const_data_ptr<int64_t>()},
        workspace(space),
        out(result),
        inputs(all),
        factor(std::move(factors)) {}

  const T* of(size_t input) const { return inputs[input].template const_data_ptr<T>(); }
  T* room(int64_t which) const { return workspace + which * n * width; }
  T* result(int64_t layer) const {
    return layer + 1 == index.layers && !index.gains ? out : room(layer);
  }
  T* gradient(int64_t which) const {
    return room((index.gains ? index.layers + 1 : index.layers - 1) + which);
  }
  // What comes after a layer reads.
  const T* with_gain(int64_t layer) const {
    if (!index.gains) return result(layer);
    T* const to = layer + 1 == index.layers ? out : room(index.layers);
    kernels::site_gain(sites, of(index.gain(layer)), result(layer), to);
    return to;
  }
  // Whether a layer's biases are those of a query's site.
  bool is_by_site(int64_t layer) const { return inputs[InputIndex::bias(layer)].dim() == 2; }
  // Of a layer's units, what is dropped becomes 0.
  void drop(int64_t layer, T* x) const {
    if (factor.empty()) return;
    const T* const by = factor[layer].const_data_ptr<T>();
    for (int64_t i = 0; i < n * width; ++i) x[i] *= by[i];
  }
};

int64_t workspace_size(const InputIndex& index, const tensor_list& all, int64_t n) {
  return (index.layers + (index.gains ? 3 : 1)) * n * all[kSite].size(1);
}

template <class T>
void run_forward(const Net<T>& net) {
  T* const first = net.result(0);
  if (const auto in = net.index.in(net.inputs)) {
    kernels::gemm(Product::kForward, {net.n, net.width, net.num_inputs}, T(1), net.of(kX),
                  net.of(*in), T(0), first);
  } else {
    std::copy_n(net.of(kX), net.n * net.width, first);
  }
  for (int64_t layer = 0; layer < net.index.layers; ++layer) {
    T* const result = net.result(layer);
    if (layer > 0) {
      kernels::gemm(Product::kForward, {net.n, net.width, net.width}, T(1),
                    net.with_gain(layer - 1), net.of(InputIndex::weight(layer)), T(0), result);
    }
    const T* const bias = net.of(InputIndex::bias(layer));
    net.is_by_site(layer) ? kernels::site_relu(net.sites, bias, result)
                          : kernels::bias_relu(net.n, net.width, bias, result);
    net.drop(layer, result);
  }
  net.with_gain(net.index.layers - 1);
}

// From the gradient of what a layer gives to that of its product, in place.
template <class T>
void pass_units(const Net<T>& net, int64_t layer, T* d,
                const std::vector<GradientPlace<T>>& places) {
  if (net.index.gains) {
    const size_t gain = net.index.gain(layer);
    std::vector<T> d_gain(net.inputs[gain].numel());
    kernels::site_gain_backward(net.sites, net.of(gain), net.result(layer), d, d_gain.data());
    places[gain].add(std::ssize(d_gain), d_gain.data());
  }
  net.drop(layer, d);
  const size_t bias = InputIndex::bias(layer);
  std::vector<T> d_bias(net.inputs[bias].numel());
  net.is_by_site(layer)
      ? kernels::site_relu_backward(net.sites, net.result(layer), d, d_bias.data())
      : kernels::relu_backward(net.n, net.width, net.result(layer), d, d_bias.data());
  places[bias].add(std::ssize(d_bias), d_bias.data());
}

template <class T>
void run_backward(const Net<T>& net, const T* d_out, const std::vector<GradientPlace<T>>& places) {
  T *d = net.gradient(0), *d_before = net.gradient(1);
  std::copy_n(d_out, net.n * net.width, d);
  for (int64_t layer = net.index.layers - 1; layer > 0; --layer) {
    const size_t weight = InputIndex::weight(layer);
    pass_units(net, layer, d, places);
    if (places[weight].to) {
      kernels::gemm(Product::kWeight, {net.width, net.width, net.n}, places[weight].factor, d,
                    net.with_gain(layer - 1), T(1), places[weight].to);
    }
    kernels::gemm(Product::kInput, {net.n, net.width, net.width}, T(1), d, net.of(weight), T(0),
                  d_before);
    std::swap(d, d_before);
  }
  pass_units(net, 0, d, places);
  const auto in = net.index.in(net.inputs);
  if (!in) {
    places[kX].add(net.n * net.width, d);
    return;
  }
  if (places[*in].to) {
    kernels::gemm(Product::kWeight, {net.width, net.num_inputs, net.n}, places[*in].factor, d,
                  net.of(kX), T(1), places[*in].to);
  }
  if (places[kX].to) {
    kernels::gemm(Product::kInput, {net.n, net.num_inputs, net.width}, T(1), d, net.of(*in), T(0),
                  places[kX].to);
  }
}

at::Tensor forward_of(const InputIndex& index, const tensor_list& inputs,
                      const at::Tensor& query_site, const tensor_list& factor,
                      at::Tensor& workspace) {
  auto out = at::empty({query_site.size(0), inputs[kSite].size(1)}, inputs[kX].options());
  const auto run = [&]<class T>(T) {
    run_forward<T>({index, inputs, query_site, workspace.mutable_data_ptr<T>(),
                    out.mutable_data_ptr<T>(), factor});
  };
  out.scalar_type() == at::kFloat ? run(float()) : run(double());
  return out;
}

template <class T>
tensor_list backward_of(AutogradContext& context, const tensor_list& inputs,
                        const tensor_list& kept, const at::Tensor& d_out) {
  GradientPlaces<T> gradients(inputs, 0, context);
  const InputIndex index{context.saved_data["layers"].toInt(),
                         context.saved_data["gains"].toBool()};
  const Net<T> net(index, inputs, kept[0], kept[1].mutable_data_ptr<T>(),
                   kept[2].mutable_data_ptr<T>(), {kept.begin() + 3, kept.end()});
  run_backward<T>(net, d_out.const_data_ptr<T>(), gradients.places);
  return std::move(gradients.own);
}

InputIndex index_of(const Layers& layers) {
  return {1 + std::ssize(layers.weight), !layers.gain.empty()};
}

class HandLayers : public torch::autograd::Function<HandLayers> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const at::Tensor& query_site, const Layers& layers,
                            at::Tensor* workspace) {
    tensor_list saved = inputs.vec();
    const tensor_list& factor = layers.factor;
    const InputIndex index = index_of(layers);
    const auto out = forward_of(index, saved, query_site, factor, *workspace);
    context->saved_data["num_inputs"] = std::ssize(saved);
    context->saved_data["layers"] = index.layers;
    context->saved_data["gains"] = index.gains;
    saved.insert(saved.end(), {query_site, *workspace, out});
    saved.insert(saved.end(), factor.begin(), factor.end());
    context->save_for_backward(std::move(saved));
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const trace::Span span("direct backward");
    tensor_list inputs = context->get_saved_variables();
    const int64_t num_inputs = context->saved_data["num_inputs"].toInt();
    const tensor_list kept(inputs.begin() + num_inputs, inputs.end());
    inputs.resize(num_inputs);
    const auto d_out = gradients[0].contiguous();
    auto result = d_out.scalar_type() == at::kFloat
                      ? backward_of<float>(*context, inputs, kept, d_out)
                      : backward_of<double>(*context, inputs, kept, d_out);
    result.resize(result.size() + 3);  // the sites, the layers and the workspace
    return result;
  }
};

}  // namespace

at::Tensor hand_layers(const at::Tensor& x, const at::Tensor& query_site, const Layers& layers,
                       Workspaces& workspaces) {
  const trace::Span span("direct forward");
  tensor_list inputs{x, layers.site};
  for (size_t layer = 0; layer < layers.weight.size(); ++layer)
    inputs.insert(inputs.end(), {layers.weight[layer], layers.bias[layer]});
  inputs.insert(inputs.end(), layers.gain.begin(), layers.gain.end());
  if (layers.in.defined()) inputs.push_back(layers.in);
  const auto type = x.scalar_type();
  const auto is_fit = [&](const at::Tensor& t) {
    return t.is_cpu() && t.is_contiguous() && t.scalar_type() == type;
  };
  const auto fits = [&](const at::Tensor& t) {
    return is_fit(t) && t.size(0) == x.size(0) && t.size(1) == layers.site.size(1);
  };
  const auto& factor = layers.factor;
  TORCH_CHECK(factor.empty() ||
                  (factor.size() == 1 + layers.weight.size() && std::ranges::all_of(factor, fits)),
              "each of ", 1 + layers.weight.size(), " layers takes factors of its ", x.size(0),
              " by ", layers.site.size(1), " units, or none does; got ", factor.size(), " of ",
              factor.empty() ? at::IntArrayRef() : factor.front().sizes());
  TORCH_CHECK((type == at::kFloat || type == at::kDouble) && std::ranges::all_of(inputs, is_fit) &&
                  query_site.is_contiguous() && x.size(0) == query_site.size(0),
              "layers by hand read contiguous rows of float32 or float64 on the CPU, one a query; "
              "got ",
              x.sizes(), " of ", type, " for ", query_site.size(0));
  const InputIndex index = index_of(layers);
  auto workspace = workspaces.borrow(workspace_size(index, inputs, x.size(0)), type);
  const auto learns = [](const at::Tensor& t) { return t.requires_grad(); };
  if (at::GradMode::is_enabled() && std::ranges::any_of(inputs, learns))
    return HandLayers::apply(at::TensorList(inputs), query_site, layers, &workspace);
  return forward_of(index, inputs, query_site, layers.factor, workspace);
}

}  // namespace limbic::brain
