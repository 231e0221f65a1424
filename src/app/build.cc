#include "limbic/app/build.h"

#include <algorithm>
#include <map>

#include "limbic/app/device.h"
#include "limbic/app/parts.h"
#include "limbic/brain/brain.h"
#include "limbic/config/problems.h"
#include "limbic/core/log.h"
#include "limbic/curriculum/check.h"

namespace limbic::app {

using training::Parts;

namespace {

// Builds what `make` builds at a place in the config; an input error that has no place of its own
// gets this one.
template <class Make>
auto at_place(const config::Mark& mark, Make make) -> decltype(make()) {
  try {
    return make();
  } catch (const ConfigError&) {
    throw;
  } catch (const Error& error) {
    if (error.code() != ExitCode::kInput) throw;
    config::refuse(mark, error.what());
  }
}

// The same, but notes the error and goes on.
template <class Make>
void try_at_place(const config::Mark& mark, config::Problems& problems, Make make) {
  try {
    at_place(mark, make);
  } catch (const ConfigError& error) {
    problems.add({}, error.what());  // its lines have their places
  }
}

std::vector<training::StageLoss> build_losses(const curriculum::StageConfig<LossRecipe>& stage,
                                              const Setup& setup,
                                              const training::Replicas& replicas,
                                              config::Problems& problems) {
  std::vector<training::StageLoss> losses;
  for (const auto& item : stage.losses) {
    std::vector<std::string> regimes;
    for (const config::Located& regime : item.value.regimes) regimes.push_back(regime.text);
    try_at_place(item.mark, problems, [&] {
      auto loss = item.value.loss.make(setup.world->schema(), *setup.program);
      loss->check(replicas.brain(0));
      losses.push_back({item.key, std::move(loss), item.value.trains.resolve(replicas.names()),
                        item.value.weight, regimes});
    });
  }
  return losses;
}

// What metrics of evals begin with that could not be made.
std::vector<std::string> unmade_evals(const RunConfig& config, const Parts& parts) {
  std::vector<std::string> unmade;
  for (const auto& item : config.evals) {
    const auto is_made =
        std::ranges::count(parts.evals, item.key, &training::ScheduledEval::name) > 0;
    if (!is_made) unmade.push_back(evals::metric_name(item.key, ""));
  }
  return unmade;
}

// Every metric a condition may name.
std::map<std::string, curriculum::Metric> known_metrics(const RunConfig& config,
                                                        const Parts& parts) {
  const EvalRegistry all = evals();
  std::map<std::string, curriculum::Metric> metrics;
  for (const training::ScheduledEval& scheduled : parts.evals) {
    const auto reported = all.reported(config.evals.find(scheduled.name)->eval.type());
    for (const std::string& key : scheduled.eval->keys(*parts.world)) {
      const config::Reported* const said = config::reported_as(reported, key);
      metrics[evals::metric_name(scheduled.name, key)] = {scheduled.every,
                                                          said ? said->better : std::nullopt};
    }
  }
  return metrics;
}

// Where a config does not say which way a metric is better, its eval does.
RunConfig settled(RunConfig config, const curriculum::Known& known, config::Problems& errors) {
  for (auto& stage : config.curriculum.stages)
    curriculum::settle_directions(stage.plan, known, errors);
  auto& best = config.checkpoints.best;
  if (best && !best->direction) best->direction = curriculum::direction_of(best->of, known, errors);
  return config;
}

// The config that a run keeps: all but what is a matter of the machine.
std::string recorded(RunConfig config) {
  const training::TrainingConfig usual;
  config.training.workers = usual.workers;
  config.training.graphs = usual.graphs;
  return config::to_yaml(config::dump(config));
}

std::shared_ptr<brain::Brain> wire(const BrainRecipe& recipe,
                                   const std::shared_ptr<const brain::Program>& program,
                                   const Stream& stream) {
  const auto cortex = at_place(recipe.cortex.mark(), [&] {
    return recipe.cortex.make(recipe.schema, stream.child("cortex"));
  });
  const auto amygdala = at_place(recipe.amygdala.mark(), [&] {
    return recipe.amygdala.make(cortex->thought_map(), *program, stream.child("amygdala"));
  });
  return std::make_shared<brain::Brain>(cortex, amygdala, program);
}

}  // namespace

std::shared_ptr<brain::Brain> make_brain(const BrainRecipe& recipe, const Stream& stream) {
  return wire(recipe, std::make_shared<const brain::Program>(recipe.steering, recipe.schema),
              stream);
}

std::vector<training::ScheduledEval> build_evals(const config::Map<EvalConfig>& configs,
                                                 const brain::Brain& brain,
                                                 const worlds::World& world,
                                                 config::Problems& problems) {
  std::vector<training::ScheduledEval> scheduled;
  for (const auto& item : configs) {
    try_at_place(item.mark, problems, [&] {
      std::shared_ptr<const evals::Eval> eval = item.value.eval.make();
      eval->check(brain, world);
      scheduled.push_back({item.key, item.value.every.count, item.value.at_start, eval});
    });
  }
  return scheduled;
}

Setup build_setup(const RunConfig& config) {
  return build_setup(config, at_place(config.world.mark(), [&] { return config.world.make(); }));
}

Setup build_setup(const RunConfig& config, const std::shared_ptr<const worlds::World>& world) {
  Setup setup;
  setup.world = world;
  const auto program = std::make_shared<const brain::Program>(config.steering, world->schema());
  setup.program = program;
  const Stream stream = Stream(static_cast<uint64_t>(config.seed)).child("brain");
  setup.make_brain = [cortex = config.cortex, steering = config.steering,
                      amygdala = config.amygdala, world, program, stream] {
    return wire({cortex, steering, amygdala, world->schema()}, program, stream);
  };
  return setup;
}

Parts build_parts(const RunConfig& config, const std::string& run_directory, at::Device device) {
  return build_parts(config, build_setup(config), run_directory, device);
}

Parts build_parts(const RunConfig& config, const Setup& setup, const std::string& run_directory,
                  at::Device device) {
  Parts parts{.world = setup.world,
              .make_brain = setup.make_brain,
              .circuits = config.circuits,
              .plan = {},
              .losses = {},
              .evals = {},
              .training = config.training,
              .optimizer = config.optimizer,
              .checkpoints = {},
              .seed = static_cast<uint64_t>(config.seed),
              .device = device,
              .device_name = device_name(device),
              .recorder = make_recorder(device),
              .run_directory = run_directory,
              .config_yaml = {}};
  const training::Replicas replicas(setup.make_brain, config.circuits, 1, at::kCPU);
  config::Problems errors, warnings;
  parts.evals = build_evals(config.evals, replicas.brain(0), *setup.world, errors);
  for (const auto& stage : config.curriculum.stages)
    parts.losses.push_back(build_losses(stage, setup, replicas, errors));
  const curriculum::Known known{replicas.names(), replicas.by_own_rule(), setup.world->regimes(),
                                known_metrics(config, parts), unmade_evals(config, parts)};
  const RunConfig whole = settled(config, known, errors);
  curriculum::check(whole.curriculum, known, {errors, warnings});
  if (config.checkpoints.best) curriculum::check_metric(config.checkpoints.best->of, known, errors);
  errors.raise();
  if (!warnings.empty()) log::warn(warnings.text());
  parts.plan = whole.curriculum.plan();
  parts.checkpoints = whole.checkpoints;
  parts.config_yaml = recorded(whole);
  return parts;
}

}  // namespace limbic::app
