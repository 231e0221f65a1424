#include "limbic/brain/amygdala/readout.h"

#include <ATen/ATen.h>

#include "limbic/brain/init.h"

namespace limbic::brain {
namespace {

// A module that holds nothing but parameters, so that they carry the assessor's name.
struct Named : torch::nn::Module {};

}  // namespace

Readout::Readout(const LinearConfig& config, int64_t thought_size, const Program& program,
                 const Stream& stream) {
  for (const auto& variable : program.variables()) {
    const auto module = register_module(variable.name, std::make_shared<Named>());
    Assessor& assessor = add(variable);
    const int64_t outputs = variable.binary ? 1 : 2;
    assessor.weight = module->register_parameter(
        "weight", config.zero_init
                      ? at::zeros({outputs, thought_size})
                      : linear_init(stream.child(variable.name), outputs, thought_size));
    assessor.bias = module->register_parameter("bias", at::zeros({outputs}));
  }
}

Readout::Readout(const MlpConfig& config, int64_t thought_size, const Program& program,
                 const Stream& stream) {
  for (const auto& variable : program.variables()) {
    const auto module = register_module(variable.name, std::make_shared<Named>());
    const Stream own = stream.child(variable.name);
    Assessor& assessor = add(variable);
    const int64_t outputs = variable.binary ? 1 : 2;
    assessor.hidden_weight = module->register_parameter(
        "hidden_weight", linear_init(own.child("hidden"), config.hidden, thought_size));
    assessor.hidden_bias = module->register_parameter("hidden_bias", at::zeros({config.hidden}));
    assessor.weight = module->register_parameter("weight", at::zeros({outputs, config.hidden}));
    assessor.bias = module->register_parameter("bias", at::zeros({outputs}));
  }
}

Readout::Assessor& Readout::add(const SteeringVariable& variable) {
  names_.push_back(variable.name);
  assessors_.push_back({variable.binary, {}, {}, {}, {}});
  return assessors_.back();
}

Scorecard Readout::predict(const at::Tensor& thought_BTD) {
  std::vector<at::Tensor> raw, mean, variance;
  for (const Assessor& assessor : assessors_) {
    auto features = thought_BTD;
    if (assessor.hidden_weight.defined())
      features = at::linear(features, assessor.hidden_weight, assessor.hidden_bias).relu();
    const auto output = at::linear(features, assessor.weight, assessor.bias);
    raw.push_back(output.select(-1, 0));
    mean.push_back(assessor.binary ? raw.back().sigmoid() : raw.back());
    variance.push_back(assessor.binary ? mean.back() * (1 - mean.back())
                                       : at::softplus(output.select(-1, 1)) + 1e-4);
  }
  if (raw.empty()) {
    const auto none = thought_BTD.new_zeros({thought_BTD.size(0), thought_BTD.size(1), 0});
    return {none, none, none};
  }
  return {at::stack(raw, -1), at::stack(mean, -1), at::stack(variance, -1)};
}

}  // namespace limbic::brain
