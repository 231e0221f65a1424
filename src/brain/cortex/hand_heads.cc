#include "limbic/brain/cortex/hand_heads.h"

#include <torch/torch.h>

#include <type_traits>

#include "limbic/brain/cortex/block_kernels.h"
#include "limbic/brain/cortex/gemm.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/cortex/token_kernels.h"
#include "limbic/core/trace.h"

namespace limbic::brain {
namespace {

using kernels::Product;
using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

/// The queries about one variable, kept with the graph.
struct Read {
  HeadQueries about;
  at::Tensor states;  // [n, D]
  at::Tensor kept;    // [n, P]: of a category log softmax, of a mixture the gradient of log p

  [[nodiscard]] bool is_category() const { return about.values.scalar_type() == at::kLong; }
  [[nodiscard]] int64_t size() const { return about.query.size(0); }
  [[nodiscard]] int64_t outputs() const { return about.bias.size(0); }
  template <class T>
  [[nodiscard]] kernels::Classes<T> classes() const {
    return {size(), outputs(), about.bias.const_data_ptr<T>(),
            about.values.const_data_ptr<int64_t>()};
  }
};

struct Reads : torch::CustomClassHolder {
  std::vector<Read> all;
};

// log p of each query's value; `outputs` becomes what backward needs.
template <class T>
std::vector<T> log_prob_of(Read& read, at::Tensor& outputs, bool keeps) {
  std::vector<T> log_prob(read.size());
  if (read.is_category()) {
    kernels::log_softmax(read.classes<T>(), outputs.mutable_data_ptr<T>(), log_prob.data());
    read.kept = outputs;
  } else if constexpr (std::is_same_v<T, float>) {
    kernels::add_bias(read.size(), read.outputs(), read.about.bias.const_data_ptr<T>(),
                      outputs.mutable_data_ptr<T>());
    if (keeps) read.kept = at::empty_like(outputs);
    kernels::mixture_log_prob(mixture_shape(read.about.spec, read.size()),
                              outputs.const_data_ptr<T>(), read.about.values.const_data_ptr<T>(),
                              log_prob.data(), keeps ? read.kept.mutable_data_ptr<T>() : nullptr);
  }
  return log_prob;
}

template <class T>
void read_forward(Read& read, const at::Tensor& state, bool keeps, at::Tensor& out) {
  const HeadQueries& about = read.about;
  read.states = state.index_select(0, about.query);
  auto outputs = at::empty({read.size(), read.outputs()}, state.options());
  kernels::gemm(Product::kForward, {read.size(), read.outputs(), state.size(1)}, T(1),
                read.states.const_data_ptr<T>(), about.weight.const_data_ptr<T>(), T(0),
                outputs.mutable_data_ptr<T>());
  const auto log_prob = log_prob_of<T>(read, outputs, keeps);
  const T* const slope = about.log_slope.defined() ? about.log_slope.const_data_ptr<T>() : nullptr;
  const int64_t* const cell = about.cell.const_data_ptr<int64_t>();
  T* const to = out.mutable_data_ptr<T>();
  for (int64_t i = 0; i < read.size(); ++i)
    to[cell[i]] = log_prob[i] + static_cast<T>(about.shift) + (slope ? slope[i] : T(0));
}

// The gradient of the read-out's outputs [n, P], from that of all cells.
template <class T>
std::vector<T> outputs_backward(const Read& read, const T* d_out) {
  const int64_t* const cell = read.about.cell.const_data_ptr<int64_t>();
  const T* const kept = read.kept.const_data_ptr<T>();
  std::vector<T> d(read.size()), d_outputs(read.size() * read.outputs());
  for (int64_t i = 0; i < read.size(); ++i) d[i] = d_out[cell[i]];
  if (read.is_category()) {
    kernels::log_softmax_backward(read.classes<T>(), kept, d.data(), d_outputs.data());
  } else {
    kernels::scale_rows(read.size(), read.outputs(), d.data(), kept, d_outputs.data());
  }
  return d_outputs;
}

template <class T>
struct ReadGradients {
  GradientPlace<T> weight, bias;
  T* state;  // [queries, D]; null: nobody asks
};

template <class T>
void read_backward(const Read& read, const T* d_out, const ReadGradients<T>& to) {
  const int64_t n = read.size(), outputs = read.outputs(), width = read.states.size(1);
  const auto d_outputs = outputs_backward(read, d_out);
  if (to.weight.to) {
    kernels::gemm(Product::kWeight, {outputs, width, n}, to.weight.factor, d_outputs.data(),
                  read.states.const_data_ptr<T>(), T(1), to.weight.to);
  }
  if (to.bias.to) {
    std::vector<T> d_bias(outputs);
    kernels::add_columns(n, outputs, d_outputs.data(), d_bias.data());
    for (int64_t p = 0; p < outputs; ++p) to.bias.to[p] += to.bias.factor * d_bias[p];
  }
  if (!to.state) return;
  std::vector<T> d_states(n * width);
  kernels::gemm(Product::kInput, {n, width, outputs}, T(1), d_outputs.data(),
                read.about.weight.const_data_ptr<T>(), T(0), d_states.data());
  const int64_t* const query = read.about.query.const_data_ptr<int64_t>();
  std::vector<kernels::TokenGradients<T>> rows;
  rows.reserve(n);
  for (int64_t i = 0; i < n; ++i)
    rows.push_back({{to.state + query[i] * width, T(1)}, nullptr, nullptr});
  kernels::spread_tokens(n, width, d_states.data(), rows.data());
}

// inputs: the states, then weight and bias of each variable.
template <class T>
tensor_list run_backward(const AutogradContext& context, const Reads& reads,
                         const tensor_list& inputs, const at::Tensor& d_out) {
  GradientPlaces<T> gradients(inputs, 0, context);
  for (size_t i = 0; i < reads.all.size(); ++i) {
    read_backward<T>(reads.all[i], d_out.const_data_ptr<T>(),
                     {gradients.places[1 + 2 * i], gradients.places[2 + 2 * i],
                      gradients.places[0].to});
  }
  return std::move(gradients.own);
}

class HandHeads : public torch::autograd::Function<HandHeads> {
 public:
  static at::Tensor forward(AutogradContext* context, at::TensorList inputs,
                            const c10::intrusive_ptr<Reads>& reads, int64_t num_cells) {
    const at::Tensor& state = inputs[0];
    const bool keeps = std::ranges::any_of(inputs, &at::Tensor::requires_grad);
    auto out = at::zeros({num_cells}, state.options());
    for (Read& read : reads->all) {
      state.scalar_type() == at::kFloat ? read_forward<float>(read, state, keeps, out)
                                        : read_forward<double>(read, state, keeps, out);
    }
    context->save_for_backward(inputs.vec());
    context->saved_data["reads"] = at::IValue::make_capsule(reads);
    return out;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    const trace::Span span("heads backward");
    const auto inputs = context->get_saved_variables();
    const auto reads =
        c10::static_intrusive_pointer_cast<Reads>(context->saved_data["reads"].toCapsule());
    const auto d_out = gradients[0].contiguous();
    auto result = d_out.scalar_type() == at::kFloat
                      ? run_backward<float>(*context, *reads, inputs, d_out)
                      : run_backward<double>(*context, *reads, inputs, d_out);
    result.resize(result.size() + 2);  // of the reads and of the number of cells
    return result;
  }
};

}  // namespace

at::Tensor hand_heads(const at::Tensor& state, const std::vector<HeadQueries>& all,
                      int64_t num_cells) {
  const trace::Span span("heads forward");
  tensor_list inputs{state};
  auto reads = c10::make_intrusive<Reads>();
  for (const HeadQueries& about : all) {
    inputs.insert(inputs.end(), {about.weight, about.bias});
    reads->all.push_back({about, {}, {}});
  }
  return HandHeads::apply(at::TensorList(inputs), reads, num_cells);
}

}  // namespace limbic::brain
