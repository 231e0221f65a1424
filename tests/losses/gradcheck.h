#pragma once

#include <torch/torch.h>

#include <functional>
#include <vector>

namespace limbic::losses {

using Function = std::function<at::Tensor(const std::vector<at::Tensor>&)>;

/// The largest difference between autograd's gradient of a scalar function and central
/// differences, over all elements of float64 inputs, as a share of 1 + |gradient|.
inline double gradient_error(const Function& f, std::vector<at::Tensor> inputs) {
  constexpr double kStep = 1e-6;
  for (at::Tensor& x : inputs) x = x.detach().to(at::kDouble).contiguous().requires_grad_();
  const auto gradients = torch::autograd::grad({f(inputs)}, inputs);
  const torch::NoGradGuard no_grad;
  const auto shifted = [&](double* element, double shift) {
    const double original = *element;
    *element = original + shift;
    const double value = f(inputs).item<double>();
    *element = original;
    return value;
  };
  double worst = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const at::Tensor gradient = gradients[i].contiguous();
    for (int64_t j = 0; j < inputs[i].numel(); ++j) {
      double* element = inputs[i].data_ptr<double>() + j;
      const double numeric = (shifted(element, kStep) - shifted(element, -kStep)) / (2 * kStep);
      const double exact = gradient.data_ptr<double>()[j];
      worst = std::max(worst, std::abs(numeric - exact) / (1 + std::abs(exact)));
    }
  }
  return worst;
}

}  // namespace limbic::losses
