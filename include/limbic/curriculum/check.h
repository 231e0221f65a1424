#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/config/reported.h"
#include "limbic/curriculum/curriculum_config.h"

namespace limbic::curriculum {

/// What an eval measures.
struct Metric {
  int64_t every = 0;                        // [steps]
  std::optional<config::Direction> better;  // none: neither
};

/// What the stages may name: it takes a world, a brain and evals to know.
struct Known {
  std::vector<std::string> circuits;
  std::vector<std::string> by_own_rule;  // those of them that learn by a rule of their own
  std::vector<std::string> regimes;      // at least one
  std::map<std::string, Metric> metrics;
  std::vector<std::string> unmade = {};  // evals with mistakes of their own, whose are not known
};

struct Findings {
  config::Problems& errors;
  config::Problems& warnings;
};

/// A metric that no eval measures; the message has `aside` in it.
void check_metric(const config::Located& metric, const Known& known, config::Problems& errors,
                  std::string_view aside = "");

/// Which values of a metric are better; none, and a mistake, where neither are and so somebody has
/// to say. Metrics that do not exist are noted elsewhere.
std::optional<config::Direction> direction_of(const config::Located& metric, const Known& known,
                                              config::Problems& errors);
/// Gives plateaus that leave their direction open that of their metric.
void settle_directions(StagePlan& stage, const Known& known, config::Problems& errors);

/// Names that do not exist, stages that can't end or can't be reached, circuits named twice.
void check_plan(const std::vector<StagePlan>& plan, const Known& known, Findings findings);

/// A loss as far as it concerns this layer.
struct LossTargets {
  const std::string& name;
  const config::Mark& mark;
  const CircuitFactors& trains;
  const std::vector<config::Located>& regimes;
};
/// Targets and regimes that do not exist, targets that are all frozen, losses without episodes,
/// circuits that train without a loss to learn from.
void check_losses(const StagePlan& stage, const std::vector<LossTargets>& losses,
                  const Known& known, Findings findings);

/// Mistakes in what was read that only show beside the rest of the run. Warnings are legal.
/// REQUIRES: directions are settled.
template <class LossRecipe>
void check(const CurriculumConfig<LossRecipe>& config, const Known& known, Findings findings) {
  check_plan(config.plan(), known, findings);
  for (const auto& stage : config.stages) {
    std::vector<LossTargets> losses;
    for (const auto& loss : stage.losses) {
      losses.push_back({loss.key, loss.mark, loss.value.trains, loss.value.regimes});
    }
    check_losses(stage.plan, losses, known, findings);
  }
}

}  // namespace limbic::curriculum
