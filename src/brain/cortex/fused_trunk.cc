#include "limbic/brain/cortex/fused_trunk.h"

#include <torch/torch.h>

#include <algorithm>
#include <utility>

#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/cortex/trunk_engine.h"
#include "limbic/core/profile.h"

namespace limbic::brain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// Who reads whom, kept with the graph.
struct Reading : torch::CustomClassHolder {
  Layout layout;
  TrunkOptions options;

  Reading(const Layout& of, const TrunkOptions& how) : layout(of), options(how) {}
};

template <class T>
std::vector<const T*> pointers(const tensor_list& tensors) {
  std::vector<const T*> all;
  for (const at::Tensor& tensor : tensors) all.push_back(tensor.const_data_ptr<T>());
  return all;
}

TrunkShape shape_of(const Reading& reading, at::TensorList parameters) {
  const Layout& layout = reading.layout;
  const at::Tensor& in = parameters[kIn];
  return {layout.num_rows,
          layout.num_keys(),
          layout.num_queries,
          in.size(1),
          in.size(0),
          reading.options.num_heads,
          static_cast<int64_t>(parameters.size()) / kNumBlockParameters,
          layout.key_prefix.const_data_ptr<int64_t>(),
          layout.query_prefix.const_data_ptr<int64_t>(),
          layout.key_padding.defined() ? layout.key_padding.const_data_ptr<uint8_t>() : nullptr,
          reading.options.precision};
}

template <class T>
void run_forward(const Reading& reading, const at::Tensor& tokens, const tensor_list& parameters,
                 at::Tensor& workspace, at::Tensor& out, bool keeps) {
  TrunkEngine<T> engine(shape_of(reading, parameters), pointers<T>(parameters), keeps,
                        workspace.mutable_data_ptr<T>());
  engine.forward(tokens.const_data_ptr<T>(), out.mutable_data_ptr<T>());
}

int64_t size_of_workspace(const TrunkShape& shape, at::ScalarType type, bool keeps) {
  return by_type(type, [&]<class T>(T) { return TrunkEngine<T>::workspace_size(shape, keeps); });
}

at::Tensor forward_into(const Reading& reading, const at::Tensor& tokens,
                        const tensor_list& parameters, at::Tensor& workspace, bool keeps) {
  const int64_t queries = reading.layout.num_rows * reading.layout.num_queries;
  auto out = at::empty({queries, tokens.size(1)}, tokens.options());
  by_type(tokens.scalar_type(),
          [&]<class T>(T) { run_forward<T>(reading, tokens, parameters, workspace, out, keeps); });
  return out;
}

template <class T>
tensor_list run_backward(const AutogradContext& context, const Reading& reading,
                         const tensor_list& saved, const at::Tensor& d_out) {
  const tensor_list parameters(saved.begin() + 2, saved.end());
  TrunkEngine<T> engine(shape_of(reading, parameters), pointers<T>(parameters), /*keeps=*/true,
                        saved[1].mutable_data_ptr<T>());
  GradientPlaces<T> gradients(parameters, 1, context);
  auto d_tokens = at::empty_like(saved[0]);
  engine.backward(saved[0].const_data_ptr<T>(), d_out.const_data_ptr<T>(),
                  d_tokens.mutable_data_ptr<T>(), gradients.places);
  tensor_list all{d_tokens};
  all.insert(all.end(), gradients.own.begin(), gradients.own.end());
  return all;
}

class FusedTrunk : public torch::autograd::Function<FusedTrunk> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& tokens,
                            at::TensorList parameters, const c10::intrusive_ptr<Reading>& reading,
                            at::Tensor* workspace) {
    const auto out = forward_into(*reading, tokens, parameters.vec(), *workspace, /*keeps=*/true);
    tensor_list saved{tokens, *workspace};
    saved.insert(saved.end(), parameters.begin(), parameters.end());
    context->save_for_backward(std::move(saved));
    context->saved_data["reading"] = at::IValue::make_capsule(reading);
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const profile::Span span("blocks backward");
    const auto saved = context->get_saved_variables();
    const auto reading =
        c10::static_intrusive_pointer_cast<Reading>(context->saved_data["reading"].toCapsule());
    const auto d_out = gradients[0].contiguous();
    auto result = by_type(d_out.scalar_type(), [&]<class T>(T) {
      return run_backward<T>(*context, *reading, saved, d_out);
    });
    result.resize(result.size() + 2);  // the reading and the workspace
    return result;
  }
};

}  // namespace

at::Tensor fused_trunk(const at::Tensor& tokens, const std::vector<at::Tensor>& parameters,
                       const Layout& layout, const TrunkOptions& options, Workspaces& workspaces) {
  const auto type = tokens.scalar_type();
  const auto is_fit = [&](const at::Tensor& t) {
    return t.is_cpu() && t.is_contiguous() && t.scalar_type() == type;
  };
  TORCH_CHECK((type == at::kFloat || type == at::kDouble) && is_fit(tokens) &&
                  std::ranges::all_of(parameters, is_fit),
              "a trunk by hand computes in float32 or float64 on the CPU, got ", type);
  auto reading = c10::make_intrusive<Reading>(layout, options);
  const bool keeps = is_learned(tokens) || is_learned(parameters);
  auto workspace =
      workspaces.borrow(size_of_workspace(shape_of(*reading, parameters), type, keeps), type);
  const profile::Span span("blocks forward");
  if (!keeps) return forward_into(*reading, tokens, parameters, workspace, keeps);
  return FusedTrunk::apply(tokens, at::TensorList(parameters), std::move(reading), &workspace);
}

}  // namespace limbic::brain
