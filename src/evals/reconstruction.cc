#include "limbic/evals/reconstruction.h"

#include <ATen/ATen.h>

#include <utility>
#include <variant>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/variable_roles.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::evals {
namespace {

// Sums over rows for one variable, float64: [t, cells, d] but `count`, [t, cells, 1].
struct Sums {
  at::Tensor error, x, square, count;

  void add(const at::Tensor& x_Btcd, const at::Tensor& guess_Btcd, const at::Tensor& asked_Btc1) {
    const auto put = [](at::Tensor& sum, const at::Tensor& rows) {
      sum = sum.defined() ? sum + rows.sum(0) : rows.sum(0);
    };
    const at::Tensor weight = asked_Btc1.to(at::kDouble);
    put(error, (x_Btcd - guess_Btcd).square().masked_fill(asked_Btc1.logical_not(), 0));
    put(x, x_Btcd * weight);
    put(square, x_Btcd.square() * weight);
    put(count, weight);
  }
  [[nodiscard]] at::Tensor baseline() const { return square - x.square() / count.clamp_min(1); }
};

Results results_of(const std::vector<Sums>& all) {
  double error = 0, baseline = 0, count = 0;
  for (const Sums& sums : all) {
    error += sums.error.sum().item<double>();
    baseline += sums.baseline().sum().item<double>();
    count += sums.count.expand_as(sums.x).sum().item<double>();
  }
  return {{"", error / count}, {"ratio", error / baseline}};
}

// E f(x), f the variable's transform.
at::Tensor transformed_mean(const brain::Distribution& distribution) {
  auto mixture = std::get<brain::GaussianMixture>(distribution);
  mixture.transform = {};
  return brain::mean(mixture);
}

}  // namespace

void ReconstructionConfig::check(config::Reader& reader, const config::Node& node) const {
  if (of.empty()) reader.problem_at(node, "of", "'of' names nothing that could be guessed");
}

std::vector<config::Reported> ReconstructionConfig::reported() {
  using config::Direction;
  return {{"", Direction::kLower,
           "squared error of the expected value [squared standard units of the variable]"},
          {"ratio", Direction::kLower,
           "it against that of always guessing the mean of these rows [share]"}};
}

Reconstruction::Reconstruction(ReconstructionConfig config) : config_(std::move(config)) {}

void Reconstruction::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  const worlds::Schema& schema = world.schema();
  check_held_out(config_.held_out, world);
  config::Problems problems;
  for (const config::Located& glob : config_.of) {
    for (const int64_t i : VariableRoles::of(schema, {glob}, config_.given).asked) {
      if (schema[i].kind != worlds::Kind::kCategory) continue;
      problems.add(glob.mark,
                   concat(quoted(schema[i].name), " is a category: use accuracy or nll"));
    }
  }
  problems.raise();
}

Results Reconstruction::run(brain::Brain& brain, const EpisodeSource& source) const {
  const worlds::Schema& schema = source.world.schema();
  const VariableRoles variables = VariableRoles::of(schema, config_.of, config_.given);
  std::vector<Sums> all(variables.asked.size());
  const auto visit = [&](const worlds::Episodes& episodes, const Stream&) {
    const worlds::Roles roles = variables.roles(episodes, schema);
    const brain::Marginals marginals = brain.cortex().marginals(episodes, roles);
    for (size_t k = 0; k < all.size(); ++k) {
      const int64_t i = variables.asked[k];
      const worlds::Variable& variable = schema[i];
      const at::Tensor guess = transformed_mean(marginals[i]).to(at::kDouble);
      const at::Tensor x = episodes.value[i].view_as(guess).to(at::kDouble);
      all[k].add(worlds::standard_units(variable, x), (guess - variable.center) / variable.scale,
                 worlds::own_cells(roles.asked_BTV, schema, i).unsqueeze(-1).to(source.device));
    }
  };
  each_batch(config_.held_out, source, visit);
  return results_of(all);
}

std::vector<std::string> Reconstruction::keys(const worlds::World& /*world*/) const {
  return {"", "ratio"};
}

}  // namespace limbic::evals
