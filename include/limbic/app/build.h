#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <string>
#include <vector>

#include "limbic/app/run_config.h"
#include "limbic/config/problems.h"
#include "limbic/training/parts.h"

namespace limbic::app {

/// A config's world, steering program and a factory of brains: what whatever trains, plans, draws
/// or asks starts from.
struct Setup {
  std::shared_ptr<const worlds::World> world;
  std::shared_ptr<const brain::Program> program;
  training::BrainFactory make_brain;
};

Setup build_setup(const RunConfig& config);
/// The same of another world than the config's, which has the same schema.
Setup build_setup(const RunConfig& config, const std::shared_ptr<const worlds::World>& world);

/// What a brain is made of.
struct BrainRecipe {
  const CortexRecipe& cortex;
  const brain::SteeringConfig& steering;
  const AmygdalaRecipe& amygdala;
  const worlds::Schema& schema;
};
std::shared_ptr<brain::Brain> make_brain(const BrainRecipe& recipe, const Stream& stream);

/// Evals that the brain and the world have what they need for; mistakes are noted.
std::vector<training::ScheduledEval> build_evals(const config::Map<EvalConfig>& configs,
                                                 const brain::Brain& brain,
                                                 const worlds::World& world,
                                                 config::Problems& problems);

/// Everything that a trainer needs, checked.
///
/// Errors  ConfigError with all mistakes that only show once the parts exist: unknown circuits,
///         regimes, metrics, stages that can't end.
training::Parts build_parts(const RunConfig& config, const Setup& setup,
                            const std::string& run_directory, at::Device device);
/// The same of a subject of its own.
training::Parts build_parts(const RunConfig& config, const std::string& run_directory,
                            at::Device device);

}  // namespace limbic::app
