#include "limbic/brain/amygdala/readout.h"

#include <ATen/ATen.h>

#include "limbic/brain/init.h"

namespace limbic::brain {
namespace {

// A module that holds nothing but parameters, so that they carry the assessor's name.
struct Named : torch::nn::Module {};

}  // namespace

Readout::Readout(const LinearConfig& config, const ThoughtMap& thought, const Program& program,
                 const Stream& stream) {
  for (const auto& variable : program.variables()) {
    const auto module = register_module(variable.name, std::make_shared<Named>());
    Assessor& assessor = add(variable);
    const int64_t outputs = variable.binary ? 1 : 2;
    assessor.weight = module->register_parameter(
        "weight", config.zero_init
                      ? at::zeros({outputs, thought.size()})
                      : linear_init(stream.child(variable.name), outputs, thought.size()));
    assessor.bias = module->register_parameter("bias", at::zeros({outputs}));
  }
  link(config.chain);
}

Readout::Readout(const MlpConfig& config, const ThoughtMap& thought, const Program& program,
                 const Stream& stream) {
  for (const auto& variable : program.variables()) {
    const auto module = register_module(variable.name, std::make_shared<Named>());
    const Stream own = stream.child(variable.name);
    Assessor& assessor = add(variable);
    const int64_t outputs = variable.binary ? 1 : 2;
    assessor.hidden_weight = module->register_parameter(
        "hidden_weight", linear_init(own.child("hidden"), config.hidden, thought.size()));
    assessor.hidden_bias = module->register_parameter("hidden_bias", at::zeros({config.hidden}));
    assessor.weight = module->register_parameter("weight", at::zeros({outputs, config.hidden}));
    assessor.bias = module->register_parameter("bias", at::zeros({outputs}));
  }
  link(config.chain);
}

Readout::Assessor& Readout::add(const SteeringVariable& variable) {
  assessors_.push_back({variable.binary, {}, {}, {}, {}});
  return assessors_.back();
}

void Readout::link(const std::optional<ChainConfig>& config) {
  if (!config) return;
  int64_t assessor = 0;
  for (const auto& child : named_children()) {
    for (const auto& parameter : child.value()->named_parameters()) {
      links_.push_back(
          {assessor, Chain(*config, *child.value(), parameter.key(), parameter.value())});
    }
    ++assessor;
  }
}

void Readout::end_step(const at::Tensor& taught_N) {
  for (Link& link : links_) link.chain.relax(taught_N[link.assessor]);
}

// All assessors of as many outputs at once: [B, T, n, outputs].
at::Tensor Readout::outputs(const at::Tensor& thought_BTD,
                            const std::vector<int64_t>& group) const {
  std::vector<at::Tensor> hidden_weight, hidden_bias, weight, bias;
  for (const int64_t i : group) {
    const Assessor& assessor = assessors_[i];
    hidden_weight.push_back(assessor.hidden_weight);
    hidden_bias.push_back(assessor.hidden_bias);
    weight.push_back(assessor.weight);
    bias.push_back(assessor.bias);
  }
  const auto n = static_cast<int64_t>(group.size());
  const auto apart = [&](const at::Tensor& x) {
    return x.view({thought_BTD.size(0), thought_BTD.size(1), n, -1});
  };
  if (!hidden_weight.front().defined())
    return apart(at::linear(thought_BTD, at::cat(weight), at::cat(bias)));
  const auto hidden = at::linear(thought_BTD, at::cat(hidden_weight), at::cat(hidden_bias)).relu();
  const auto mixed = at::matmul(at::stack(weight), apart(hidden).unsqueeze(-1)).squeeze(-1);
  return mixed + at::stack(bias);
}

Scorecard Readout::predict(const at::Tensor& thought_BTD) {
  std::vector<int64_t> binary, others;
  for (size_t i = 0; i < assessors_.size(); ++i)
    (assessors_[i].binary ? binary : others).push_back(static_cast<int64_t>(i));
  std::vector<at::Tensor> raw, mean, variance;
  if (!binary.empty()) {
    raw.push_back(outputs(thought_BTD, binary).select(-1, 0));
    mean.push_back(raw.back().sigmoid());
    variance.push_back(mean.back() * (1 - mean.back()));
  }
  if (!others.empty()) {
    const auto both = outputs(thought_BTD, others);
    raw.push_back(both.select(-1, 0));
    mean.push_back(raw.back());
    variance.push_back(at::softplus(both.select(-1, 1)) + 1e-4);
  }
  if (raw.empty()) {
    const auto none = thought_BTD.new_zeros({thought_BTD.size(0), thought_BTD.size(1), 0});
    return {none, none, none};
  }
  if (raw.size() == 1) return {raw[0], mean[0], variance[0]};
  if (!order_N_.defined() || order_N_.device() != thought_BTD.device()) {
    std::vector<int64_t> order(assessors_.size());
    for (size_t i = 0; i < binary.size(); ++i) order[binary[i]] = static_cast<int64_t>(i);
    for (size_t i = 0; i < others.size(); ++i)
      order[others[i]] = static_cast<int64_t>(binary.size() + i);
    order_N_ = at::tensor(order, at::kLong).to(thought_BTD.device());
  }
  const auto sorted = [&](const std::vector<at::Tensor>& x) {
    return at::cat(x, 2).index_select(2, order_N_);
  };
  return {sorted(raw), sorted(mean), sorted(variance)};
}

}  // namespace limbic::brain
