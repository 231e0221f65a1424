#include "limbic/evals/coverage.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <set>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/worlds/roles.h"

namespace limbic::evals {
namespace {

std::string percent(double level) { return std::to_string(std::lround(level * 100)); }

using Pair = std::pair<int64_t, int64_t>;  // mask, and cell counted over ticks and cells

// Where the truth of each hidden scalar cell lies in its marginal, by mask and cell.
using Ranks = std::map<Pair, std::vector<at::Tensor>>;

void add_ranks(brain::Cortex& cortex, const worlds::Schema& schema,
               const worlds::Episodes& episodes, const std::pair<int64_t, at::Tensor>& mask,
               Ranks& ranks) {
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  const worlds::Roles roles =
      worlds::ask_the_rest(episodes, schema, visible_BTV.logical_and(mask.second));
  const brain::Marginals marginals = cortex.marginals(episodes, roles);
  for (int64_t i = 0; i < schema.size(); ++i) {
    if (schema[i].kind != worlds::Kind::kScalar || schema[i].access != worlds::Access::kCortex)
      continue;
    const at::Tensor rank =
        brain::cdf(std::get<brain::GaussianMixture>(marginals[i]), episodes.value[i]).cpu();
    const at::Tensor asked = worlds::own_cells(roles.asked_BTV, schema, i);
    for (int64_t tick = 0; tick < rank.size(1); ++tick) {
      for (int64_t cell = 0; cell < rank.size(2); ++cell) {
        const at::Tensor own = asked.select(1, tick).select(1, cell);
        if (!own.any().item<bool>()) continue;
        const int64_t place = tick * schema.num_cells() + schema.offset(i) + cell;
        ranks[{mask.first, place}].push_back(
            rank.select(1, tick).select(1, cell).masked_select(own));
      }
    }
  }
}

}  // namespace

void CoverageConfig::check(config::Reader& reader, const config::Node& node) const {
  if (rate == 1)
    reader.problem_at(node, "rate", "a rate of 1 observes every cell, so none is hidden");
  const config::Node* given = node.find("levels");
  if (given == nullptr) return;
  if (levels.empty()) reader.problem(given->mark, "levels: give at least one");
  std::set<std::string> known;
  for (size_t i = 0; i < levels.size(); ++i) {
    if (!known.insert(percent(levels[i])).second)
      reader.problem(given->items[i].mark, "a second level is " + percent(levels[i]) + " percent");
  }
}

std::vector<config::Reported> CoverageConfig::reported() {
  using config::Direction;
  return {{"", Direction::kHigher,
           "pairs of a mask and a cell that are within `tolerance` at every level [share]"},
          {"worst", Direction::kLower, "largest distance of a pair from a level [share]"},
          {"<percent>",
           {},
           "mean coverage of that level's intervals, which should be the level [share]"}};
}

Coverage::Coverage(CoverageConfig config) : config_(std::move(config)) {}

void Coverage::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  check_held_out(config_.held_out, world);
  if (std::ranges::none_of(world.schema().variables(), [](const worlds::Variable& variable) {
        return variable.kind == worlds::Kind::kScalar && variable.access == worlds::Access::kCortex;
      }))
    throw input_error("coverage: the cortex sees no scalar in this world");
}

std::vector<std::string> Coverage::keys(const worlds::World&) const {
  std::vector<std::string> names{"", "worst"};
  for (const double level : config_.levels) names.push_back(percent(level));
  return names;
}

Results Coverage::run(brain::Brain& brain, const EpisodeSource& source) const {
  const worlds::Schema& schema = source.world.schema();
  Ranks ranks;
  const auto visit = [&](const worlds::Episodes& episodes, const Stream&) {
    for (int64_t mask = 0; mask < config_.masks; ++mask) {
      const at::Tensor observed_TV = source.stream.child("mask")
                                         .at(mask)
                                         .uniform({schema.num_ticks(), schema.num_cells()})
                                         .lt(config_.rate);
      add_ranks(brain.cortex(), schema, episodes, {mask, observed_TV}, ranks);
    }
  };
  each_batch(config_.held_out, source, visit);
  Results results;
  for (const std::string& key : keys(source.world))
    results[key] = ranks.empty() ? std::numeric_limits<double>::quiet_NaN() : 0.0;
  const auto num_pairs = static_cast<double>(ranks.size());
  for (const auto& [pair, parts] : ranks) {
    const at::Tensor from_centre = (at::cat(parts) - 0.5).abs();
    double farthest = 0;
    for (const double level : config_.levels) {
      const double covered = from_centre.le(level / 2).to(at::kDouble).mean().item<double>();
      results[percent(level)] += covered / num_pairs;
      farthest = std::max(farthest, std::abs(covered - level));
    }
    results[""] += farthest <= config_.tolerance ? 1.0 : 0.0;
    results["worst"] = std::max(results["worst"], farthest);
  }
  results[""] /= num_pairs;
  return results;
}

}  // namespace limbic::evals
