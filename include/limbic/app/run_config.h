#pragma once

#include <cstdint>
#include <memory>

#include "limbic/brain/amygdala/amygdala.h"
#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/steering/program.h"
#include "limbic/config/registry.h"
#include "limbic/curriculum/curriculum_config.h"
#include "limbic/evals/eval.h"
#include "limbic/losses/loss.h"
#include "limbic/training/parts.h"
#include "limbic/worlds/world.h"

namespace limbic::app {

using WorldRegistry = config::Registry<std::unique_ptr<worlds::World>>;
using CortexRegistry =
    config::Registry<std::shared_ptr<brain::Cortex>, const worlds::Schema&, const Stream&>;
using AmygdalaRegistry =
    config::Registry<std::shared_ptr<brain::Amygdala>, const brain::ThoughtMap&,
                     const brain::Program&, const Stream&>;
using LossRegistry =
    config::Registry<std::unique_ptr<losses::Loss>, const worlds::Schema&, const brain::Program&>;
using EvalRegistry = config::Registry<std::unique_ptr<evals::Eval>>;

using WorldRecipe = WorldRegistry::Recipe;
using CortexRecipe = CortexRegistry::Recipe;
using AmygdalaRecipe = AmygdalaRegistry::Recipe;
using LossRecipe = LossRegistry::Recipe;
using EvalRecipe = EvalRegistry::Recipe;

/// Of a config that names none: linear assessors.
AmygdalaRecipe default_amygdala();

/// YAML: an item of `evals`.
struct EvalConfig {
  config::Steps every{200};
  bool at_start = false;
  EvalRecipe eval;

  static void fields(auto& self, auto&& field) {
    field("every", self.every, config::at_least(1),
          "how often; every eval also runs at the end of each stage");
    field("at_start", self.at_start,
          "whether it also runs before the run's first step: what the brain can do untaught, for "
          "the log and for 'checkpoints.best'; no condition sees it");
    field.rest(self.eval, "the eval itself");
  }
};

/// A whole run: the top of the YAML.
struct RunConfig {
  int64_t seed = 0;
  WorldRecipe world;
  CortexRecipe cortex;
  brain::SteeringConfig steering;
  AmygdalaRecipe amygdala = default_amygdala();
  config::Map<training::CircuitConfig> circuits;
  curriculum::CurriculumConfig<LossRecipe> curriculum;
  config::Map<EvalConfig> evals;
  training::OptimizerConfig optimizer;
  training::TrainingConfig training;
  training::CheckpointConfig checkpoints;

  static void fields(auto& self, auto&& field) {
    field("seed", self.seed, config::at_least<int64_t>(0),
          "names the run's random numbers, all of them");
    field("world", self.world, config::required, "where episodes come from");
    field("cortex", self.cortex, config::required,
          "learns to predict any subset of variables from any other");
    field("steering", self.steering, "innate: senses, reflexes and drives; may be left out");
    field("amygdala", self.amygdala,
          "learns what the steering subsystem is about to say; default: linear");
    field("circuits", self.circuits,
          "named, disjoint sets of parameters; none: cortex and amygdala");
    field("curriculum", self.curriculum, config::required, "stages, in order");
    field("evals", self.evals, "measurements on held-out episodes, by name");
    field("optimizer", self.optimizer, "AdamW");
    field("training", self.training, "the step");
    field("checkpoints", self.checkpoints, "what is saved when");
  }
  /// Names that could not be told apart from what stands around them.
  void check(config::Reader& reader, const config::Node& node) const;
};

}  // namespace limbic::app
