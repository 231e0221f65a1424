#include "limbic/losses/assess.h"

#include <ATen/ATen.h>

#include "limbic/config/problems.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"

namespace limbic::losses {

using brain::Signals;

namespace {

// What is said about variable i at ticks lead .. T - 1, and predicted at ticks 0 .. T - 1 - lead.
at::Tensor late(const at::Tensor& x_BTN, const brain::SteeringVariable& variable, int64_t i) {
  return x_BTN.select(2, i).narrow(1, variable.lead, x_BTN.size(1) - variable.lead);
}
at::Tensor early(const at::Tensor& x_BTN, const brain::SteeringVariable& variable, int64_t i) {
  return x_BTN.select(2, i).narrow(1, 0, x_BTN.size(1) - variable.lead);
}

at::Tensor error(const Signals& signals, const brain::SteeringVariable& variable, int64_t i) {
  const auto target = late(signals.steer.realised_BTN, variable, i);
  const auto raw = early(signals.scorecard.raw_BTN, variable, i);
  if (variable.binary) {
    return at::binary_cross_entropy_with_logits(raw, target, {}, {}, at::Reduction::None);
  }
  const auto predicted = early(signals.scorecard.variance_BTN, variable, i);
  const auto stated = late(signals.steer.override_BTN, variable, i);
  const auto variance = at::where(stated, predicted, predicted.detach());
  return 0.5 * (variance.log() + (raw - target).square() / variance);
}

at::Tensor gates(const Signals& signals, const brain::SteeringVariable& variable, int64_t i) {
  const auto gate = late(signals.steer.gate_BTN, variable, i);
  const bool learns_from_itself = variable.lead > 0 || variable.discount > 0;
  return learns_from_itself ? gate : gate * late(signals.steer.override_BTN, variable, i);
}

}  // namespace

Assess::Assess(const AssessConfig& config, const worlds::Schema& schema,
               const brain::Program& program) {
  if (!config.masks.empty()) masks_.emplace(config.masks, schema);
  std::vector<std::string_view> names;
  for (const auto& variable : program.variables()) names.push_back(variable.name);
  config::Problems problems;
  taught_N_.assign(names.size(), config.of.empty());
  for (const config::Located& glob : config.of) {
    bool found = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!matches_glob(glob.text, names[i])) continue;
      taught_N_[i] = found = true;
    }
    if (!found) {
      problems.add(glob.mark, concat("no steering variable matches ", quoted(glob.text),
                                     did_you_mean(glob.text, names)));
    }
  }
  problems.raise();
}

at::Tensor Assess::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                              const Signals& shared, const Stream& stream) const {
  const Signals signals =
      masks_ ? brain.signals(episodes, masks_->draw(episodes, stream.child("mask")).observed_BTV)
             : shared;
  auto total = signals.thought_BTD.new_zeros({});
  const auto& variables = brain.program().variables();
  for (size_t i = 0; i < variables.size(); ++i) {
    if (!taught_N_[i]) continue;
    const auto index = static_cast<int64_t>(i);
    total =
        total + (gates(signals, variables[i], index) * error(signals, variables[i], index)).mean();
  }
  return total;
}

std::optional<Activity> Assess::activity(const brain::Brain& brain,
                                         const worlds::Episodes& /*episodes*/,
                                         const Signals& signals) const {
  const auto& variables = brain.program().variables();
  std::vector<at::Tensor> gate, count;
  for (size_t i = 0; i < variables.size(); ++i) {
    const auto open =
        gates(signals, variables[i], static_cast<int64_t>(i)) * (taught_N_[i] ? 1.0 : 0.0);
    gate.push_back(open.sum());
    count.push_back(open.gt(0).sum().to(at::kFloat));
  }
  if (gate.empty()) return std::nullopt;
  return Activity{at::stack(gate), at::stack(count)};
}

}  // namespace limbic::losses
