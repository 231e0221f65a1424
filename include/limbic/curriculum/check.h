#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/curriculum/curriculum_config.h"

namespace limbic::curriculum {

/// What the stages may name: it takes a world, a brain and evals to know.
struct Known {
  std::vector<std::string> circuits;
  std::vector<std::string> self_taught;    // those of them that learn by a rule of their own
  std::vector<std::string> regimes;        // at least one
  std::map<std::string, int64_t> metrics;  // name -> steps between two evaluations
};

struct Findings {
  config::Problems& errors;
  config::Problems& warnings;
};

/// Names that do not exist, stages that can't end or can't be reached, circuits named twice.
void check_plan(const std::vector<StagePlan>& plan, const Known& known, Findings findings);

/// A loss as far as it concerns this layer.
struct LossTargets {
  const std::string& name;
  const config::Mark& mark;
  const CircuitFactors& trains;
  const std::vector<config::Located>& regimes;
};
/// Targets that do not exist or are all frozen, losses without episodes, circuits that train
/// without a loss to learn from.
void check_losses(const StagePlan& stage, const std::vector<LossTargets>& losses,
                  const Known& known, Findings findings);

/// Mistakes in what was read that only show beside the rest of the run. Warnings are legal.
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
