#include "limbic/losses/assess.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <map>
#include <tuple>

#include "limbic/config/problems.h"
#include "limbic/config/reader.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/losses/shares.h"

namespace limbic::losses {

using brain::Signals;

void AssessConfig::check(config::Reader& reader, const config::Node& node) const {
  refuse_to_draw_nothing(masks, "masks", reader, node);
  for (size_t i = 0; i < masks.size(); ++i) {
    if (!masks[i].ask.empty())
      reader.problem(node.find("masks")->items[i].find("ask")->mark,
                     "assess asks about no cell: its masks say what the thought observes");
  }
}

// What is said about a group's variables at ticks lead .. T - 1, and predicted at ticks
// 0 .. T - 1 - lead: [B, T - lead, n].
at::Tensor Assess::late(const at::Tensor& x_BTN, const Taught& taught) {
  return columns(x_BTN.narrow(1, taught.group.lead, x_BTN.size(1) - taught.group.lead), taught);
}
at::Tensor Assess::early(const at::Tensor& x_BTN, const Taught& taught) {
  return columns(x_BTN.narrow(1, 0, x_BTN.size(1) - taught.group.lead), taught);
}
at::Tensor Assess::columns(const at::Tensor& x_BtN, const Taught& taught) {
  if (taught.variables_n.size(0) == x_BtN.size(2)) return x_BtN;  // all of them, in order
  return x_BtN.index_select(2, taught.variables_n);
}

std::vector<Assess::Taught> Assess::taught_by(const Lesson& lesson) const {
  std::vector<Taught> all;
  for (size_t g = 0; g < groups_.size(); ++g) all.push_back({groups_[g], lesson.tensors[g]});
  return all;
}

at::Tensor Assess::error(const Signals& signals, const Taught& taught) {
  const auto target = late(signals.steer.realised_BTN, taught);
  const auto raw = early(signals.scorecard.raw_BTN, taught);
  if (taught.group.binary) {
    return at::binary_cross_entropy_with_logits(raw, target, {}, {}, at::Reduction::None);
  }
  const auto predicted = early(signals.scorecard.variance_BTN, taught);
  const auto stated = late(signals.steer.override_BTN, taught);
  const auto variance = at::where(stated, predicted, predicted.detach());
  return 0.5 * (variance.log() + (raw - target).square() / variance);
}

at::Tensor Assess::gates(const Signals& signals, const Taught& taught) {
  const auto gate = late(signals.steer.gate_BTN, taught);
  return taught.group.learns_from_itself ? gate : gate * late(signals.steer.override_BTN, taught);
}

Assess::Assess(const AssessConfig& config, const worlds::Schema& schema,
               const brain::Program& program) {
  if (!config.masks.empty()) masks_.emplace(config.masks, schema);
  const std::vector<std::string>& names = program.names();
  config::Problems problems;
  std::vector<bool> taught_N(names.size(), config.of.empty());
  for (const config::Located& glob : config.of) {
    bool found = false;
    for (size_t i = 0; i < names.size(); ++i) {
      if (!matches_glob(glob.text, names[i])) continue;
      taught_N[i] = found = true;
    }
    if (!found) {
      problems.add(glob.mark, concat("no steering variable matches ", quoted(glob.text),
                                     did_you_mean(glob.text, names)));
    }
  }
  problems.raise();
  make_groups(program.variables(), taught_N);
}

void Assess::make_groups(const std::vector<brain::SteeringVariable>& variables,
                         const std::vector<bool>& taught_N) {
  std::map<std::tuple<int64_t, bool, bool>, std::vector<int64_t>> alike;
  for (size_t i = 0; i < variables.size(); ++i) {
    const auto& variable = variables[i];
    if (!taught_N[i]) continue;
    alike[{variable.lead, variable.binary, variable.learns_from_itself()}].push_back(
        static_cast<int64_t>(i));
  }
  for (const auto& [key, indices] : alike) {
    const auto& [lead, binary, learns_from_itself] = key;
    groups_.push_back({lead, binary, learns_from_itself, at::tensor(indices, at::kLong)});
  }
}

int64_t Assess::taught_ticks(int64_t num_ticks) const {
  return masks_ ? 0 : taught_ticks_of_thought(num_ticks);
}

int64_t Assess::taught_ticks_of_thought(int64_t num_ticks) const {
  int64_t shortest_lead = num_ticks;
  for (const Group& group : groups_) shortest_lead = std::min(shortest_lead, group.lead);
  return num_ticks - shortest_lead;
}

Lesson Assess::prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                       const Stream& stream) const {
  Lesson lesson;
  for (const Group& group : groups_) lesson.tensors.push_back(group.variables_n);
  if (masks_) {
    const worlds::Roles roles = masks_->draw(episodes, stream.child("mask"));
    auto& thought = lesson.questions.emplace_back(brain.cortex().ask_thought(roles.observed_BTV));
    thought.taught_ticks = taught_ticks_of_thought(roles.observed_BTV.size(1));
  }
  return lesson;
}

at::Tensor Assess::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                              const Signals& shared, const Lesson& lesson) const {
  const Signals signals = masks_ ? brain.signals(episodes, lesson.questions.front()) : shared;
  auto total = signals.thought_BTD.new_zeros({});
  for (const Taught& taught : taught_by(lesson)) {
    // Gates as gate_sums() reads them, so that nothing is counted that is not taught.
    const auto loss_Btn = gates(shared, taught) * error(signals, taught);
    total = total + loss_Btn.sum() / static_cast<double>(loss_Btn.size(0) * loss_Btn.size(1));
  }
  return total;
}

GateSums Assess::gate_sums(const brain::Brain& brain, const worlds::Episodes& /*episodes*/,
                           const Signals& signals, const Lesson& lesson) const {
  const auto num_variables = std::ssize(brain.program().variables());
  const auto none_N = at::zeros({num_variables}, signals.steer.gate_BTN.options());
  GateSums sums{none_N, none_N.clone()};
  for (const Taught& taught : taught_by(lesson)) {
    const auto gate_nX = gates(signals, taught).flatten(0, 1).t();
    sums.gate_N.index_copy_(0, taught.variables_n, gate_nX.sum(1));
    sums.count_N.index_copy_(0, taught.variables_n, gate_nX.gt(0).sum(1).to(at::kFloat));
  }
  return sums;
}

}  // namespace limbic::losses
