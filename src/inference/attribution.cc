#include "limbic/inference/attribution.h"

#include <ATen/ATen.h>
#include <torch/autograd.h>

#include "limbic/inference/rank_correlation.h"
#include "limbic/worlds/roles.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Kind;
using worlds::Schema;
using worlds::Variable;

namespace {

double mean_size(const at::Tensor& x_B) { return x_B.abs().mean(at::kDouble).item<double>(); }

// Asks an assessor about changed thoughts and changed observations of the same episodes.
class Examiner {
 public:
  Examiner(brain::Brain& brain, const Schema& schema, const Episodes& episodes,
           const AttributionTarget& target)
      : brain_(brain),
        schema_(schema),
        episodes_(episodes),
        target_(target),
        observed_BTV_(worlds::visible(episodes, schema)),
        thought_BTD_(think(observed_BTV_)),
        varies_D_((thought_BTD_ != thought_BTD_[0]).flatten(0, 1).any(0).cpu()),
        raw_B_(raw(thought_BTD_)),
        slope_BTD_(slope_of_thought()),
        foretold_(slope_of_values()) {}

  std::vector<Influence> features() const;
  bool varies(int64_t feature) const { return varies_D_[feature].item<bool>(); }
  Attribution::Input input(int64_t variable) const;

 private:
  at::Tensor think(const at::Tensor& observed_BTV) const {
    const at::NoGradGuard no_grad;
    return until_then(brain_.cortex().think(episodes_, observed_BTV)).contiguous();
  }
  at::Tensor raw(const at::Tensor& thought_BTD) const {
    return brain_.amygdala()
        .predict(thought_BTD)
        .raw_BTN.select(1, target_.tick)
        .select(1, target_.assessor);
  }
  at::Tensor until_then(const at::Tensor& x_BT) const {
    return x_BT.narrow(1, 0, std::min(target_.tick + 1, x_BT.size(1)));
  }

  at::Tensor slope_of_thought() const;
  std::vector<at::Tensor> slope_of_values() const;
  at::Tensor from_mean(int64_t variable) const;
  Influence taken_away(std::string name, const at::Tensor& instead_BTD) const;
  Influence hidden(std::string name, int64_t variable, int64_t first_cell, int64_t num_cells) const;

  brain::Brain& brain_;
  const Schema& schema_;
  const Episodes& episodes_;
  AttributionTarget target_;
  at::Tensor observed_BTV_;
  at::Tensor thought_BTD_;  // T: up to the target's tick
  at::Tensor varies_D_;     // which features are not the same in all rows
  at::Tensor raw_B_;
  at::Tensor slope_BTD_;              // d raw / d thought; undefined without a graph
  std::vector<at::Tensor> foretold_;  // [B, cells] of each variable whose values have a slope
};

at::Tensor Examiner::slope_of_thought() const {
  const at::AutoGradMode with_grad(true);
  const at::Tensor leaf_BTD = thought_BTD_.detach().requires_grad_(true);
  const at::Tensor raw_B = raw(leaf_BTD);
  if (!raw_B.requires_grad()) return {};
  return torch::autograd::grad({raw_B.sum()}, {leaf_BTD}, {}, std::nullopt, false,
                               /*allow_unused=*/true)[0];
}

// The values of a variable's observed cells less their means, 0 elsewhere; shaped as the values.
at::Tensor Examiner::from_mean(int64_t variable) const {
  const at::Tensor& value = episodes_.value[variable];
  at::Tensor mask =
      worlds::own_cells(observed_BTV_, schema_, variable).to(value.device(), value.scalar_type());
  if (schema_[variable].kind == Kind::kVector) mask = mask.unsqueeze(-1);
  const at::Tensor mean = (value * mask).sum(0) / mask.sum(0).clamp_min(1);
  return (value - mean) * mask;
}

std::vector<at::Tensor> Examiner::slope_of_values() const {
  std::vector<at::Tensor> foretold(schema_.size()), leaves;
  std::vector<int64_t> variables;
  Episodes episodes = episodes_;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].access != worlds::Access::kCortex || schema_[i].kind == Kind::kCategory)
      continue;
    episodes.value[i] = episodes.value[i].detach().clone().requires_grad_(true);
    leaves.push_back(episodes.value[i]);
    variables.push_back(i);
  }
  if (leaves.empty() || !slope_BTD_.defined()) return foretold;
  const at::AutoGradMode with_grad(true);
  const at::Tensor thought_BTD = until_then(brain_.cortex().think(episodes, observed_BTV_));
  if (!thought_BTD.requires_grad()) return foretold;
  const auto slopes =
      torch::autograd::grad({thought_BTD}, leaves, {slope_BTD_}, std::nullopt, false,
                            /*allow_unused=*/true);
  for (size_t k = 0; k < leaves.size(); ++k) {
    if (!slopes[k].defined()) continue;
    const at::Tensor change = slopes[k] * from_mean(variables[k]);  // [B, t, cells(, size)]
    foretold[variables[k]] = (change.dim() == 4 ? change.sum(-1) : change).sum(1);
  }
  return foretold;
}

Influence Examiner::taken_away(std::string name, const at::Tensor& instead_BTD) const {
  const at::Tensor lost_BTD = thought_BTD_ - instead_BTD;
  const at::Tensor foretold_B =
      slope_BTD_.defined() ? (slope_BTD_ * lost_BTD).sum({1, 2})
                           : raw(thought_BTD_ + lost_BTD / 2) - raw(thought_BTD_ - lost_BTD / 2);
  return {std::move(name), mean_size(raw_B_ - raw(instead_BTD)), mean_size(foretold_B)};
}

std::vector<Influence> Examiner::features() const {
  const brain::ThoughtMap map = brain_.cortex().thought_map();
  const at::Tensor mean_TD = thought_BTD_.mean(0);
  std::vector<Influence> features;
  for (int64_t d = 0; d < map.size(); ++d) {
    const std::string& name = map.features[d].name;
    if (!varies(d)) {
      features.push_back({name});
      continue;
    }
    at::Tensor instead_BTD = thought_BTD_.clone();
    instead_BTD.select(2, d).copy_(mean_TD.select(1, d).expand({instead_BTD.size(0), -1}));
    features.push_back(taken_away(name, instead_BTD));
  }
  return features;
}

Influence Examiner::hidden(std::string name, int64_t variable, int64_t first_cell,
                           int64_t num_cells) const {
  at::Tensor observed_BTV = observed_BTV_.clone();
  worlds::own_cells(observed_BTV, schema_, variable).narrow(2, first_cell, num_cells).fill_(false);
  Influence influence = taken_away(std::move(name), think(observed_BTV));
  if (foretold_[variable].defined())
    influence.gradient = mean_size(foretold_[variable].narrow(1, first_cell, num_cells).sum(1));
  return influence;
}

Attribution::Input Examiner::input(int64_t i) const {
  const Variable& variable = schema_[i];
  Attribution::Input input{.whole = {variable.name}, .cells = {}};
  const at::Tensor seen_B =
      until_then(worlds::own_cells(observed_BTV_, schema_, i)).flatten(1).any(1);
  input.seen = seen_B.to(at::kDouble).mean().item<double>();
  input.has_slope = foretold_[i].defined();
  if (input.seen > 0) input.whole = hidden(variable.name, i, 0, variable.num_cells);
  for (int64_t cell = 0; cell < variable.num_cells && variable.num_cells > 1; ++cell) {
    const std::string name = variable.name + "[" + std::to_string(cell) + "]";
    input.cells.push_back(input.seen > 0 ? hidden(name, i, cell, 1) : Influence{name});
  }
  return input;
}

double agreement(const std::vector<Influence>& influences) {
  std::vector<double> ablations, gradients;
  for (const Influence& influence : influences) {
    ablations.push_back(influence.ablation);
    gradients.push_back(influence.gradient);
  }
  return rank_correlation(ablations, gradients);
}

}  // namespace

Attribution attribute(brain::Brain& brain, const Schema& schema, const Episodes& episodes,
                      const AttributionTarget& target) {
  const at::NoGradGuard no_grad;
  const Examiner examiner(brain, schema, episodes, target);
  Attribution attribution{.features = examiner.features(), .inputs = {}};
  std::vector<Influence> live, seen;
  for (size_t d = 0; d < attribution.features.size(); ++d) {
    if (examiner.varies(static_cast<int64_t>(d))) live.push_back(attribution.features[d]);
  }
  for (int64_t i = 0; i < schema.size(); ++i) {
    if (schema[i].access != worlds::Access::kCortex) continue;
    const auto& input = attribution.inputs.emplace_back(examiner.input(i));
    if (input.seen == 0) continue;
    if (input.cells.empty()) seen.push_back(input.whole);
    seen.insert(seen.end(), input.cells.begin(), input.cells.end());
  }
  attribution.features_agree = agreement(live);
  attribution.inputs_agree = agreement(seen);
  return attribution;
}

}  // namespace limbic::inference
