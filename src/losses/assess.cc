#include "limbic/losses/assess.h"

#include <ATen/ATen.h>

#include "limbic/config/problems.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"

namespace limbic::losses {

using brain::Signals;

namespace {

at::Tensor error(const Signals& signals, const brain::SteeringVariable& variable, int64_t i) {
  const int64_t ticks = signals.scorecard.raw_BTN.size(1) - variable.lead;
  const auto early = [&](const at::Tensor& x_BTN) {
    return x_BTN.select(2, i).narrow(1, 0, ticks);
  };
  const auto target = signals.steer.realised_BTN.select(2, i).narrow(1, variable.lead, ticks);
  const auto raw = early(signals.scorecard.raw_BTN);
  if (variable.binary) return at::softplus(raw) - target * raw;
  const auto variance = early(signals.scorecard.variance_BTN);
  return 0.5 * (variance.log() + (raw - target).square() / variance);
}

at::Tensor gates(const Signals& signals, const brain::SteeringVariable& variable, int64_t i) {
  return signals.steer.gate_BTN.select(2, i).narrow(1, variable.lead,
                                                    signals.steer.gate_BTN.size(1) - variable.lead);
}

}  // namespace

Assess::Assess(const AssessConfig& config, const worlds::Schema& schema,
               const brain::Program& program)
    : schema_(schema) {
  if (!config.masks.empty()) masks_.emplace(config.masks, schema);
  std::vector<std::string_view> names;
  for (const auto& variable : program.variables()) {
    names.push_back(variable.name);
    if (variable.lead >= schema.num_ticks()) {
      throw input_error("steering variable '", variable.name, "' has a lead of ", variable.lead,
                        " ticks, but an episode has only ", schema.num_ticks());
    }
  }
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

std::optional<Activity> Assess::activity(const brain::Brain& brain, const Signals& signals) const {
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
