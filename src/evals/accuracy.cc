#include "limbic/evals/accuracy.h"

#include <ATen/ATen.h>

#include <utility>
#include <variant>

#include "limbic/config/problems.h"
#include "limbic/evals/variable_roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {

std::vector<config::Reported> AccuracyConfig::reported() {
  using config::Direction;
  return {
      {"", Direction::kHigher, "present cells whose likeliest category is the true one [share]"}};
}

Accuracy::Accuracy(AccuracyConfig config) : config_(std::move(config)) {}

void Accuracy::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  const worlds::Schema& schema = world.schema();
  check_held_out(config_.held_out, world);
  config::Problems problems;
  for (const int64_t i : VariableRoles::of(schema, {config_.of}, config_.given).asked) {
    if (schema[i].kind == worlds::Kind::kCategory) continue;
    problems.add(config_.of.mark, worlds::not_a_category(schema[i]));
  }
  problems.raise();
}

Results Accuracy::run(brain::Brain& brain, const EpisodeSource& source) const {
  const worlds::Schema& schema = source.world.schema();
  const VariableRoles variables = VariableRoles::of(schema, {config_.of}, config_.given);
  at::Tensor num_right = at::zeros({}, at::TensorOptions(at::kLong).device(source.device));
  int64_t num_asked = 0;
  const auto visit = [&](const worlds::Episodes& episodes, const Stream&) {
    const worlds::Roles roles = variables.roles(episodes, schema);
    const brain::Marginals marginals = brain.cortex().marginals(episodes, roles);
    for (const int64_t i : variables.asked) {
      const at::Tensor guess = std::get<brain::Categorical>(marginals[i]).logits.argmax(-1);
      const at::Tensor asked = worlds::own_cells(roles.asked_BTV, schema, i);
      num_right += (guess == episodes.value[i]).logical_and(asked.to(source.device)).sum();
      num_asked += asked.sum().item<int64_t>();
    }
  };
  each_batch(config_.held_out, source, visit);
  return {{"", num_right.item<double>() / static_cast<double>(num_asked)}};
}

std::vector<std::string> Accuracy::keys(const worlds::World& /*world*/) const { return {""}; }

}  // namespace limbic::evals
