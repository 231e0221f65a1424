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

// Of the function; after them weight and bias of each further layer, at last `in`, if there is one.
enum Input : size_t { kX, kSite, kFirstWeight };

int64_t num_weights(const tensor_list& inputs) {
  return (std::ssize(inputs) - static_cast<int64_t>(kFirstWeight)) / 2;
}
// Where `in` stands; none: x is its product.
std::optional<size_t> index_of_in(const tensor_list& inputs) {
  const size_t index = kFirstWeight + 2 * num_weights(inputs);
  return index < inputs.size() ? std::optional(index) : std::nullopt;
}

/// Sizes, and where each layer's result stands: the last one's in `out`, the others' and room for
/// two gradients in the workspace. What is dropped is 0 there, so relu's backward drops it too.
template <class T>
struct Net {
  int64_t n, width, inputs, layers;
  kernels::SiteRelu sites;
  T *workspace, *out;
  tensor_list factor;  // of each layer's units, or none

  Net(const tensor_list& all, const at::Tensor& query_site, T* space, T* result,
      tensor_list factors)
      : n(query_site.size(0)),
        width(all[kSite].size(1)),
        inputs(all[kX].size(1)),
        layers(1 + num_weights(all)),
        sites{n, width, query_site.const_data_ptr<int64_t>()},
        workspace(space),
        out(result),
        factor(std::move(factors)) {}

  T* result(int64_t layer) const {
    return layer + 1 == layers ? out : workspace + layer * n * width;
  }
  T* gradient(int64_t which) const { return workspace + (layers - 1 + which) * n * width; }
  // Of a layer's units, what is dropped becomes 0.
  void drop(int64_t layer, T* x) const {
    if (factor.empty()) return;
    const T* const by = factor[layer].const_data_ptr<T>();
    for (int64_t i = 0; i < n * width; ++i) x[i] *= by[i];
  }
};

int64_t workspace_size(const tensor_list& all, int64_t n) {
  return (num_weights(all) + 2) * n * all[kSite].size(1);
}

template <class T>
void run_forward(const Net<T>& net, const tensor_list& inputs) {
  const auto of = [&](size_t i) { return inputs[i].const_data_ptr<T>(); };
  T* const first = net.result(0);
  if (const auto in = index_of_in(inputs)) {
    kernels::gemm(Product::kForward, {net.n, net.width, net.inputs}, T(1), of(kX), of(*in), T(0),
                  first);
  } else {
    std::copy_n(of(kX), net.n * net.width, first);
  }
  kernels::site_relu(net.sites, of(kSite), first);
  net.drop(0, first);
  for (int64_t layer = 1; layer < net.layers; ++layer) {
    const size_t weight = kFirstWeight + 2 * (layer - 1);
    kernels::gemm(Product::kForward, {net.n, net.width, net.width}, T(1), net.result(layer - 1),
                  of(weight), T(0), net.result(layer));
    kernels::bias_relu(net.n, net.width, of(weight + 1), net.result(layer));
    net.drop(layer, net.result(layer));
  }
}

template <class T>
void run_backward(const Net<T>& net, const tensor_list& inputs, const T* d_out,
                  const std::vector<GradientPlace<T>>& places) {
  T *d = net.gradient(0), *d_before = net.gradient(1);
  std::copy_n(d_out, net.n * net.width, d);
  for (int64_t layer = net.layers - 1; layer > 0; --layer) {
    const size_t weight = kFirstWeight + 2 * (layer - 1);
    std::vector<T> d_bias(net.width);
    net.drop(layer, d);
    kernels::relu_backward(net.n, net.width, net.result(layer), d, d_bias.data());
    places[weight + 1].add(net.width, d_bias.data());
    if (places[weight].to) {
      kernels::gemm(Product::kWeight, {net.width, net.width, net.n}, places[weight].factor, d,
                    net.result(layer - 1), T(1), places[weight].to);
    }
    kernels::gemm(Product::kInput, {net.n, net.width, net.width}, T(1), d,
                  inputs[weight].const_data_ptr<T>(), T(0), d_before);
    std::swap(d, d_before);
  }
  net.drop(0, d);
  std::vector<T> d_site(inputs[kSite].numel());
  kernels::site_relu_backward(net.sites, net.result(0), d, d_site.data());
  places[kSite].add(std::ssize(d_site), d_site.data());
  const auto in = index_of_in(inputs);
  if (!in) {
    places[kX].add(net.n * net.width, d);
    return;
  }
  if (places[*in].to) {
    kernels::gemm(Product::kWeight, {net.width, net.inputs, net.n}, places[*in].factor, d,
                  inputs[kX].const_data_ptr<T>(), T(1), places[*in].to);
  }
  if (places[kX].to) {
    kernels::gemm(Product::kInput, {net.n, net.inputs, net.width}, T(1), d,
                  inputs[*in].const_data_ptr<T>(), T(0), places[kX].to);
  }
}

at::Tensor forward_of(const tensor_list& inputs, const at::Tensor& query_site,
                      const tensor_list& factor, at::Tensor& workspace) {
  auto out = at::empty({query_site.size(0), inputs[kSite].size(1)}, inputs[kX].options());
  const auto run = [&]<class T>(T) {
    run_forward<T>(
        {inputs, query_site, workspace.mutable_data_ptr<T>(), out.mutable_data_ptr<T>(), factor},
        inputs);
  };
  out.scalar_type() == at::kFloat ? run(float()) : run(double());
  return out;
}

template <class T>
tensor_list backward_of(const AutogradContext& context, const tensor_list& inputs,
                        const tensor_list& kept, const at::Tensor& d_out) {
  GradientPlaces<T> gradients(inputs, 0, context);
  const Net<T> net(inputs, kept[0], kept[1].mutable_data_ptr<T>(), kept[2].mutable_data_ptr<T>(),
                   {kept.begin() + 3, kept.end()});
  run_backward<T>(net, inputs, d_out.const_data_ptr<T>(), gradients.places);
  return std::move(gradients.own);
}

class HandLayers : public torch::autograd::Function<HandLayers> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const at::Tensor& query_site, const tensor_list& factor,
                            at::Tensor* workspace) {
    tensor_list saved = inputs.vec();
    const auto out = forward_of(saved, query_site, factor, *workspace);
    context->saved_data["num_inputs"] = std::ssize(saved);
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
    result.resize(result.size() + 3);  // the sites, the factors and the workspace
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
  auto workspace = workspaces.borrow(workspace_size(inputs, x.size(0)), type);
  const auto learns = [](const at::Tensor& t) { return t.requires_grad(); };
  if (at::GradMode::is_enabled() && std::ranges::any_of(inputs, learns))
    return HandLayers::apply(at::TensorList(inputs), query_site, layers.factor, &workspace);
  return forward_of(inputs, query_site, layers.factor, workspace);
}

}  // namespace limbic::brain
