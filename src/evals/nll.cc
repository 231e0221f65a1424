#include "limbic/evals/nll.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/evals/variable_roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {
namespace {

VariableRoles variables_of(const NllConfig& config, const worlds::Schema& schema) {
  const std::vector<config::Located> all{{.text = "*", .mark = {}}};
  if (!config.of.empty() || !config.given) {
    return VariableRoles::of(schema, config.of.empty() ? all : config.of, config.given);
  }
  VariableRoles variables = VariableRoles::of(schema, {}, config.given);
  for (const int64_t i : worlds::select(schema, all)) {
    if (std::ranges::find(*variables.given, i) == variables.given->end())
      variables.asked.push_back(i);
  }
  return variables;
}

worlds::Roles roles_of(const VariableRoles& variables, const worlds::Episodes& episodes,
                       const worlds::Schema& schema, const Stream& stream) {
  if (variables.given) return variables.roles(episodes, schema);
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  const at::Tensor observed_BTV = worlds::random_subset(visible_BTV, stream);
  const at::Tensor hidden_BTV = visible_BTV.logical_and(observed_BTV.logical_not());
  return {observed_BTV, worlds::only(hidden_BTV, schema, variables.asked)};
}

// [V] sums of log p and numbers of cells, on the CPU.
struct Totals {
  at::Tensor log_prob_V, count_V;
};

Results results_of(const Totals& totals, const VariableRoles& variables,
                   const worlds::Schema& schema, bool per_dimension) {
  Results results;
  double sum = 0, count = 0;
  for (const int64_t i : variables.asked) {
    const auto own = [&](const at::Tensor& x_V) {
      return x_V.narrow(0, schema.offset(i), schema[i].num_cells).sum().item<double>();
    };
    const int64_t dimensions = per_dimension ? schema[i].numbers_a_cell() : 1;
    const double own_sum =
        (0.0 - own(totals.log_prob_V)) / static_cast<double>(dimensions);  // no -0
    const double own_count = own(totals.count_V);
    results[schema[i].name] = own_sum / own_count;
    sum += own_sum;
    count += own_count;
  }
  results[""] = sum / count;
  return results;
}

}  // namespace

std::vector<config::Reported> NllConfig::reported() {
  using config::Direction;
  return {{"", Direction::kLower,
           "negative log-likelihood of all asked cells [mean over cells of nats in raw units; of a "
           "vector, of its nats a dimension unless `per_dimension` is false]"},
          {"<variable>", Direction::kLower,
           "the same of one variable's own cells [mean over cells of nats in raw units; of "
           "a vector, of its nats a dimension unless `per_dimension` is false]"}};
}

Nll::Nll(NllConfig config) : config_(std::move(config)) {}

void Nll::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  check_held_out(config_.held_out, world);
  if (!variables_of(config_, world.schema()).asked.empty()) return;
  config::refuse(config_.given->front().mark,
                 "`given` names all that the cortex sees, so nothing is asked");
}

Results Nll::run(brain::Brain& brain, const EpisodeSource& source) const {
  const worlds::Schema& schema = source.world.schema();
  const VariableRoles variables = variables_of(config_, schema);
  at::Tensor log_prob_V =
      at::zeros({schema.num_cells()}, at::TensorOptions(at::kDouble).device(source.device));
  at::Tensor count_V = at::zeros({schema.num_cells()}, at::kDouble);
  const auto visit = [&](const worlds::Episodes& episodes, const Stream& own) {
    const worlds::Roles roles = roles_of(variables, episodes, schema, own.child("mask"));
    at::Tensor rank_BTV;
    if (config_.joint) rank_BTV = worlds::random_order(roles.asked_BTV, own.child("order"));
    const at::Tensor log_prob_BTV = brain.cortex().log_prob(episodes, roles, rank_BTV);
    log_prob_V += log_prob_BTV.sum(at::IntArrayRef({0, 1}), /*keepdim=*/false, at::kDouble);
    count_V += roles.asked_BTV.sum(at::IntArrayRef({0, 1}), /*keepdim=*/false, at::kDouble);
  };
  // Where masks are drawn, a row that comes again is asked something else.
  each_batch(config_.held_out, source, visit, config_.given ? Copies::kLeftOut : Copies::kRead);
  return results_of({log_prob_V.to(at::kCPU), count_V}, variables, schema, config_.per_dimension);
}

std::vector<std::string> Nll::keys(const worlds::World& world) const {
  std::vector<std::string> names{""};
  for (const int64_t i : variables_of(config_, world.schema()).asked) {
    names.push_back(world.schema()[i].name);
  }
  return names;
}

}  // namespace limbic::evals
