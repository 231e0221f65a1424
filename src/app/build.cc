#include "limbic/app/build.h"

#include <algorithm>
#include <map>

#include "limbic/app/device.h"
#include "limbic/brain/amygdala/readout.h"
#include "limbic/brain/brain.h"
#include "limbic/config/problems.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
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
    config::Problems problems;
    problems.add(mark, error.what());
    problems.raise();
    throw;
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
                                              const Subject& subject,
                                              const training::Replicas& replicas,
                                              config::Problems& problems) {
  std::vector<training::StageLoss> losses;
  for (const auto& item : stage.losses) {
    std::vector<std::string> regimes;
    for (const config::Located& regime : item.value.regimes) regimes.push_back(regime.text);
    try_at_place(item.mark, problems, [&] {
      auto loss = item.value.loss.make(subject.world->schema(), *subject.program);
      loss->check(replicas.brain(0));
      losses.push_back({item.key, std::move(loss), item.value.trains.resolve(replicas.names()),
                        item.value.weight, regimes});
    });
  }
  return losses;
}

// Every metric a condition may name, with the steps between two evaluations.
std::map<std::string, int64_t> known_metrics(const RunConfig& config, const Parts& parts) {
  std::map<std::string, int64_t> metrics;
  for (size_t i = 0; i < parts.evals.size(); ++i) {
    for (const std::string& key : parts.evals[i].eval->keys(*parts.world)) {
      metrics["eval/" + parts.evals[i].name + (key.empty() ? "" : "." + key)] =
          config.evals.entries[i].value.every.count;
    }
  }
  return metrics;
}

void check_regimes(const RunConfig& config, const worlds::World& world,
                   config::Problems& problems) {
  const std::vector<std::string_view> known(world.regimes().begin(), world.regimes().end());
  for (const auto& stage : config.curriculum.stages) {
    for (const auto& loss : stage.losses) {
      for (const config::Located& regime : loss.value.regimes) {
        if (std::ranges::find(known, regime.text) == known.end()) {
          problems.add(regime.mark, "the world has no regime " + quoted(regime.text) +
                                        did_you_mean(regime.text, known));
        }
      }
    }
  }
}

void check_best(const training::CheckpointConfig& checkpoints,
                const std::map<std::string, int64_t>& metrics, config::Problems& problems) {
  if (!checkpoints.best) return;
  const config::Located& metric = checkpoints.best->of;
  if (metrics.contains(metric.text)) return;
  std::vector<std::string_view> known;
  for (const auto& [name, every] : metrics) known.push_back(name);
  problems.add(metric.mark,
               "no eval measures " + quoted(metric.text) + did_you_mean(metric.text, known));
}

// The config that a run keeps: all but what is a matter of the machine.
std::string recorded(RunConfig config) {
  const training::TrainingConfig usual;
  config.training.workers = usual.workers;
  config.training.graphs = usual.graphs;
  return config::to_yaml(config::dump(config));
}

std::shared_ptr<brain::Amygdala> make_amygdala(const AmygdalaRecipe& recipe,
                                               const brain::ThoughtMap& thought,
                                               const brain::Program& program,
                                               const Stream& stream) {
  if (recipe) return recipe.make(thought, program, stream);
  return std::make_shared<brain::Readout>(brain::LinearConfig{}, thought, program, stream);
}

std::shared_ptr<brain::Brain> wire(const BrainRecipe& recipe,
                                   const std::shared_ptr<const brain::Program>& program,
                                   const Stream& stream) {
  const auto cortex = at_place(recipe.cortex.mark(), [&] {
    return recipe.cortex.make(recipe.schema, stream.child("cortex"));
  });
  const auto amygdala = at_place(recipe.amygdala.mark(), [&] {
    return make_amygdala(recipe.amygdala, cortex->thought_map(), *program,
                         stream.child("amygdala"));
  });
  return std::make_shared<brain::Brain>(cortex, amygdala, program);
}

}  // namespace

std::shared_ptr<brain::Brain> make_brain(const BrainRecipe& recipe, const Stream& stream) {
  return wire(recipe, std::make_shared<const brain::Program>(recipe.steering, recipe.schema),
              stream);
}

Subject build_subject(const RunConfig& config) {
  Subject subject;
  subject.world = at_place(config.world.mark(), [&] { return config.world.make(); });
  const auto world = subject.world;
  const auto program = std::make_shared<const brain::Program>(config.steering, world->schema());
  subject.program = program;
  const Stream stream = Stream(static_cast<uint64_t>(config.seed)).child("brain");
  subject.make_brain = [cortex = config.cortex, steering = config.steering,
                        amygdala = config.amygdala, world, program, stream] {
    return wire({cortex, steering, amygdala, world->schema()}, program, stream);
  };
  return subject;
}

Parts build_parts(const RunConfig& config, const std::string& run_directory, at::Device device) {
  return build_parts(config, build_subject(config), run_directory, device);
}

Parts build_parts(const RunConfig& config, const Subject& subject, const std::string& run_directory,
                  at::Device device) {
  Parts parts{.world = subject.world,
              .make_brain = subject.make_brain,
              .circuits = config.circuits,
              .plan = config.curriculum.plan(),
              .losses = {},
              .evals = {},
              .training = config.training,
              .optimizer = config.optimizer,
              .checkpoints = config.checkpoints,
              .seed = static_cast<uint64_t>(config.seed),
              .device = device,
              .recorder = make_recorder(device),
              .run_directory = run_directory,
              .config_yaml = recorded(config)};
  const training::Replicas replicas(subject.make_brain, config.circuits, 1, at::kCPU);
  config::Problems errors, warnings;
  for (const auto& item : config.evals) {
    try_at_place(item.mark, errors, [&] {
      std::shared_ptr<const evals::Eval> eval = item.value.eval.make();
      eval->check(replicas.brain(0), *subject.world);
      parts.evals.push_back({item.key, item.value.every.count, eval});
    });
  }
  for (const auto& stage : config.curriculum.stages)
    parts.losses.push_back(build_losses(stage, subject, replicas, errors));
  errors.raise();
  const curriculum::Known known{replicas.names(), replicas.self_taught(), subject.world->regimes(),
                                known_metrics(config, parts)};
  curriculum::check(config.curriculum, known, {errors, warnings});
  check_regimes(config, *subject.world, errors);
  check_best(config.checkpoints, known.metrics, errors);
  errors.raise();
  if (!warnings.empty()) log::warn(warnings.text());
  return parts;
}

}  // namespace limbic::app
