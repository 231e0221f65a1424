#include "limbic/brain/cortex/fused_heads.h"

#include <torch/torch.h>

#include <type_traits>
#include <utility>

#include "limbic/brain/cortex/base/over_base.h"
#include "limbic/brain/cortex/block_kernels.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/cortex/token_kernels.h"
#include "limbic/core/profile.h"

namespace limbic::brain {
namespace {

using kernels::Product;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// The queries about one variable, kept with the graph.
struct KeptHead {
  HeadQueries about;
  at::Tensor states{};   // [n, D]
  at::Tensor numbers{};  // [n, N], where means are shifted by them
  at::Tensor own{};      // over a base: [n, P without reads], means shifted
  at::Tensor kept{};     // of a category log softmax, of a mixture the gradient of log p

  [[nodiscard]] bool is_category() const { return about.values.scalar_type() == at::kLong; }
  [[nodiscard]] int64_t size() const { return about.query.size(0); }
  [[nodiscard]] int64_t num_outputs() const { return about.bias.size(0); }
  [[nodiscard]] int64_t num_of_base() const {
    return about.base.defined() ? about.base.mean.size(1) : 0;
  }
  [[nodiscard]] int64_t num_own() const { return about.spec.components - num_of_base(); }
  [[nodiscard]] int64_t num_classes() const {
    return num_outputs() - (about.base_log_p.defined() ? 1 : 0);
  }
  [[nodiscard]] bool shifts_means() const { return about.reads > 0; }
  [[nodiscard]] kernels::ShiftShape shift(const float* outputs) const {
    return {size(),          num_own(), about.base.defined() ? 1 : 0,   about.reads,
            numbers.size(1), outputs,   numbers.const_data_ptr<float>()};
  }
  [[nodiscard]] kernels::ScalarOverBase scalar_over_base() const {
    const BasePosterior& base = about.base;
    return {size(),
            num_own(),
            num_of_base(),
            own.const_data_ptr<float>(),
            about.query.const_data_ptr<int64_t>(),
            base.log_weight.const_data_ptr<double>(),
            base.mean.const_data_ptr<double>(),
            base.scale.const_data_ptr<double>()};
  }
  template <class T>
  [[nodiscard]] kernels::ChoiceOverBase<T> choice_over_base() const {
    return {size(), num_classes(), own.const_data_ptr<T>(), about.base_log_p.const_data_ptr<T>()};
  }
  template <class T>
  [[nodiscard]] kernels::Classes<T> classes(const T* bias) const {
    return {size(), num_classes(), bias, about.values.const_data_ptr<int64_t>()};
  }
};

struct KeptHeads : torch::CustomClassHolder {
  std::vector<KeptHead> all;
  bool keeps = false;  // what a backward needs
};

void check_classes(const KeptHead& head) {
  const int64_t* const index = head.about.values.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < head.size(); ++i) {
    TORCH_CHECK_INDEX(index[i] >= 0 && index[i] < head.num_classes(), "class ", index[i], " of ",
                      head.num_classes());
  }
}

// A mixture's, of its read-out's outputs, the bias added.
at::Tensor params_of(KeptHead& head, const at::Tensor& outputs) {
  at::Tensor own = outputs;
  if (head.shifts_means()) {
    head.numbers = head.about.numbers.index_select(0, head.about.query);
    const auto shift = head.shift(outputs.const_data_ptr<float>());
    own = at::empty({head.size(), shift.num_params()}, outputs.options());
    kernels::shift_means(shift, own.mutable_data_ptr<float>());
  }
  if (!head.about.base.defined()) return own;
  head.own = own;
  auto params = at::empty({head.size(), head.about.spec.num_params()}, outputs.options());
  kernels::over_base(head.scalar_over_base(), params.mutable_data_ptr<float>());
  return params;
}

template <class T>
void add_bias(const KeptHead& head, at::Tensor& outputs) {
  kernels::add_bias(head.size(), head.num_outputs(), head.about.bias.const_data_ptr<T>(),
                    outputs.mutable_data_ptr<T>());
}

// log p of each query's class; keeps the log softmax.
template <class T>
void log_prob_of_classes(KeptHead& head, at::Tensor& outputs, T* log_prob) {
  check_classes(head);
  head.kept = outputs;
  if (!head.about.base_log_p.defined()) {
    kernels::log_softmax(head.classes(head.about.bias.const_data_ptr<T>()),
                         outputs.mutable_data_ptr<T>(), log_prob);
    return;
  }
  add_bias<T>(head, outputs);
  head.own = outputs;
  head.kept = at::empty({head.size(), head.num_classes()}, outputs.options());
  kernels::over_base(head.choice_over_base<T>(), head.kept.mutable_data_ptr<T>());
  const std::vector<T> no_bias(head.num_classes());
  kernels::log_softmax(head.classes(no_bias.data()), head.kept.mutable_data_ptr<T>(), log_prob);
}

// log p of each query's value; `outputs` becomes what backward needs.
template <class T>
std::vector<T> log_prob_of(KeptHead& head, at::Tensor& outputs, bool keeps) {
  std::vector<T> log_prob(head.size());
  if (head.is_category()) {
    log_prob_of_classes(head, outputs, log_prob.data());
  } else if constexpr (std::is_same_v<T, float>) {
    add_bias<T>(head, outputs);
    const auto params = params_of(head, outputs);
    if (keeps) head.kept = at::empty_like(params);
    kernels::mixture_log_prob(mixture_shape(head.about.spec, head.size()),
                              params.const_data_ptr<T>(), head.about.values.const_data_ptr<T>(),
                              log_prob.data(), keeps ? head.kept.mutable_data_ptr<T>() : nullptr);
  } else {
    TORCH_CHECK(false, "a mixture's read-out by hand computes in float32, got ",
                outputs.scalar_type());
  }
  return log_prob;
}

template <class T>
void head_forward(KeptHead& head, const at::Tensor& state, bool keeps, at::Tensor& out) {
  const HeadQueries& about = head.about;
  head.states = state.index_select(0, about.query);
  auto outputs = at::empty({head.size(), head.num_outputs()}, state.options());
  kernels::gemm(Product::kForward, {head.size(), head.num_outputs(), state.size(1)}, T(1),
                head.states.const_data_ptr<T>(), about.weight.const_data_ptr<T>(), T(0),
                outputs.mutable_data_ptr<T>());
  const auto log_prob = log_prob_of<T>(head, outputs, keeps);
  const T* const slope = about.log_slope.defined() ? about.log_slope.const_data_ptr<T>() : nullptr;
  const int64_t* const cell = about.cell.const_data_ptr<int64_t>();
  T* const to = out.mutable_data_ptr<T>();
  for (int64_t i = 0; i < head.size(); ++i)
    to[cell[i]] = log_prob[i] + static_cast<T>(about.log_unit) + (slope ? slope[i] : T(0));
}

// The gradient of the read-out's outputs [n, P], from that of all cells.
template <class T>
std::vector<T> outputs_backward(const KeptHead& head, const T* d_out) {
  const int64_t* const cell = head.about.cell.const_data_ptr<int64_t>();
  const T* const kept = head.kept.const_data_ptr<T>();
  std::vector<T> d(head.size()), d_kept(head.kept.numel()), before;
  for (int64_t i = 0; i < head.size(); ++i) d[i] = d_out[cell[i]];
  const auto back_through = [&](int64_t width, const auto& backward) {
    before.resize(head.size() * width);
    backward(d_kept.data(), before.data());
    std::swap(d_kept, before);
  };
  if (head.is_category()) {
    kernels::log_softmax_backward(head.classes<T>(nullptr), kept, d.data(), d_kept.data());
    if (head.about.base_log_p.defined()) {
      back_through(head.num_outputs(), [&](const T* from, T* to) {
        kernels::over_base_backward(head.choice_over_base<T>(), from, to);
      });
    }
  } else if constexpr (std::is_same_v<T, float>) {
    kernels::scale_rows(head.size(), head.kept.size(1), d.data(), kept, d_kept.data());
    if (head.about.base.defined()) {
      back_through(head.own.size(1), [&](const T* from, T* to) {
        kernels::over_base_backward(head.scalar_over_base(), from, to);
      });
    }
    if (head.shifts_means()) {
      back_through(head.num_outputs(), [&](const T* from, T* to) {
        kernels::shift_means_backward(head.shift(nullptr), from, to);
      });
    }
  }
  return d_kept;
}

template <class T>
struct HeadGradients {
  GradientPlace<T> weight, bias;
  T* state;  // [queries, D]; null: nobody asks
};

template <class T>
void head_backward(const KeptHead& head, const T* d_out, const HeadGradients<T>& to) {
  const int64_t n = head.size(), outputs = head.num_outputs(), width = head.states.size(1);
  const auto d_outputs = outputs_backward(head, d_out);
  if (to.weight.to) {
    kernels::gemm(Product::kWeight, {outputs, width, n}, to.weight.factor, d_outputs.data(),
                  head.states.const_data_ptr<T>(), T(1), to.weight.to);
  }
  if (to.bias.to) {
    std::vector<T> d_bias(outputs);
    kernels::add_columns(n, outputs, d_outputs.data(), d_bias.data());
    to.bias.add(outputs, d_bias.data());
  }
  if (!to.state) return;
  std::vector<T> d_states(n * width);
  kernels::gemm(Product::kInput, {n, width, outputs}, T(1), d_outputs.data(),
                head.about.weight.const_data_ptr<T>(), T(0), d_states.data());
  const int64_t* const query = head.about.query.const_data_ptr<int64_t>();
  std::vector<kernels::TokenGradients<T>> rows;
  rows.reserve(n);
  for (int64_t i = 0; i < n; ++i)
    rows.push_back({{to.state + query[i] * width, T(1)}, nullptr, nullptr});
  kernels::spread_tokens(n, width, d_states.data(), rows.data());
}

// inputs: the states, then weight and bias of each variable.
template <class T>
tensor_list run_backward(const AutogradContext& context, const KeptHeads& heads,
                         const tensor_list& inputs, const at::Tensor& d_out) {
  GradientPlaces<T> gradients(inputs, 0, context);
  for (size_t i = 0; i < heads.all.size(); ++i) {
    head_backward<T>(
        heads.all[i], d_out.const_data_ptr<T>(),
        {gradients.places[1 + 2 * i], gradients.places[2 + 2 * i], gradients.places[0].to});
  }
  return std::move(gradients.own);
}

class FusedHeads : public torch::autograd::Function<FusedHeads> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const c10::intrusive_ptr<KeptHeads>& heads, int64_t num_cells) {
    const at::Tensor& state = inputs[0];
    auto out = at::zeros({num_cells}, state.options());
    by_type(state.scalar_type(), [&]<class T>(T) {
      for (KeptHead& head : heads->all) head_forward<T>(head, state, heads->keeps, out);
    });
    context->save_for_backward(inputs.vec());
    context->saved_data["heads"] = at::IValue::make_capsule(heads);
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const profile::Span span("heads backward");
    const auto inputs = context->get_saved_variables();
    const auto heads =
        c10::static_intrusive_pointer_cast<KeptHeads>(context->saved_data["heads"].toCapsule());
    const auto d_out = gradients[0].contiguous();
    auto result = by_type(d_out.scalar_type(), [&]<class T>(T) {
      return run_backward<T>(*context, *heads, inputs, d_out);
    });
    result.resize(result.size() + 2);  // of the heads and of the number of cells
    return result;
  }
};

}  // namespace

at::Tensor fused_heads(const at::Tensor& state, const std::vector<HeadQueries>& all,
                       int64_t num_cells) {
  const profile::Span span("heads forward");
  tensor_list inputs{state};
  auto heads = c10::make_intrusive<KeptHeads>();
  for (const HeadQueries& about : all) {
    inputs.insert(inputs.end(), {about.weight, about.bias});
    heads->all.push_back({.about = about});
  }
  heads->keeps = is_learned(inputs);
  return FusedHeads::apply(at::TensorList(inputs), heads, num_cells);
}

}  // namespace limbic::brain
