#pragma once

#include <ATen/core/grad_mode.h>
#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>
#include <type_traits>
#include <vector>

#include "limbic/brain/gradient_place.h"
#include "limbic/brain/gradient_sink.h"

namespace limbic::brain {

/// Calls a template with a number of that type, float32 or else float64.
template <class F>
auto by_type(at::ScalarType type, const F& function) {
  return type == at::kFloat ? function(float()) : function(double());
}

/// Whether a graph is made of what is computed from these.
inline bool is_learned(at::TensorList inputs) {
  const auto learns = [](const at::Tensor& input) { return input.requires_grad(); };
  return at::GradMode::is_enabled() && std::ranges::any_of(inputs, learns);
}

/// Where the gradients of a hand-written function's inputs go: a parameter's to the thread's sink,
/// if that knows it, else to a tensor of its own, which begins as zeros.
///
/// Shapes  one place and one tensor per input; the tensor is undefined where the sink takes the
///         gradient or nobody asks for it.
template <class T>
struct GradientPlaces {
  std::vector<GradientPlace<T>> places;
  torch::autograd::tensor_list own;

  /// `inputs`: of the function, from its argument `first` on.
  GradientPlaces(const torch::autograd::tensor_list& inputs, size_t first,
                 const torch::autograd::AutogradContext& context)
      : places(inputs.size()), own(inputs.size()) {
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (!context.needs_input_grad(first + i)) continue;
      if constexpr (std::is_same_v<T, float>) {
        if (const auto place = GradientSink::find(inputs[i])) {
          places[i] = *place;
          continue;
        }
      }
      own[i] = at::zeros_like(inputs[i]);
      places[i] = {own[i].template mutable_data_ptr<T>(), T(1)};
    }
  }
};

}  // namespace limbic::brain
