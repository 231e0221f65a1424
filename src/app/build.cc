#include "limbic/app/build.h"

#include <algorithm>
#include <map>

#include "limbic/brain/brain.h"
#include "limbic/config/problems.h"
#include "limbic/core/log.h"
#include "limbic/core/suggest.h"
#include "limbic/curriculum/check.h"

namespace limbic::app {

using training::Parts;

namespace {

// Builds what `make` builds at a place in the config; an input error that has no place of its own gets this one.
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

std::vector<training::StageLoss> build_losses(const curriculum::StageConfig<LossRecipe>& stage, const Subject& subject,
                                              const std::vector<std::string>& circuits) {
  std::vector<training::StageLoss> losses;
  for (const auto& item : stage.losses) {
    std::vector<std::string> regimes;
    for (const config::Located& regime : item.value.regimes) regimes.push_back(regime.text);
    auto loss = at_place(item.mark, [&] { return item.value.loss.make(subject.world->schema(), *subject.program); });
    losses.push_back({item.key, std::move(loss), item.value.trains.resolve(circuits), item.value.weight, regimes});
  }
  return losses;
}

// Every metric a condition may name, with the steps between two evaluations.
std::map<std::string, int64_t> known_metrics(const RunConfig& config, const Parts& parts) {
  std::map<std::string, int64_t> metrics;
  for (size_t i = 0; i < parts.evals.size(); ++i) {
    for (const std::string& key : parts.evals[i].eval->keys(*parts.world)) {
      metrics["eval/" + parts.evals[i].name + (key.empty() ? "" : "." + key)] = config.evals.entries[i].value.every.count;
    }
  }
  return metrics;
}

void check_regimes(const RunConfig& config, const worlds::World& world, config::Problems& problems) {
  const std::vector<std::string_view> known(world.regimes().begin(), world.regimes().end());
  for (const auto& stage : config.curriculum.stages) {
    for (const auto& loss : stage.losses) {
      for (const config::Located& regime : loss.value.regimes) {
        if (std::ranges::find(known, regime.text) == known.end()) {
          problems.add(regime.mark, "unknown regime " + quoted(regime.text) + did_you_mean(regime.text, known));
        }
      }
    }
  }
}

}  // namespace

Subject build_subject(const RunConfig& config) {
  Subject subject;
  subject.world = at_place(config.world.mark(), [&] { return config.world.make(); });
  const auto world = subject.world;
  const auto program = std::make_shared<const brain::Program>(config.steering, world->schema());
  subject.program = program;
  const Stream stream = Stream(static_cast<uint64_t>(config.seed)).child("brain");
  subject.make_brain = [cortex = config.cortex, amygdala = config.amygdala, world, program, stream] {
    const auto made = at_place(cortex.mark(), [&] { return cortex.make(world->schema(), stream.child("cortex")); });
    return std::make_shared<brain::Brain>(made, amygdala.make(made->thought_size(), *program, stream.child("amygdala")), program);
  };
  return subject;
}

Parts build_parts(const RunConfig& config, const std::string& run_directory, at::Device device) {
  const Subject subject = build_subject(config);
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
              .run_directory = run_directory,
              .config_yaml = config::to_yaml(config::dump(config))};
  const training::Replicas replicas(subject.make_brain, config.circuits, 1, at::kCPU);
  for (const auto& item : config.evals) {
    std::shared_ptr<const evals::Eval> eval = item.value.eval.make();
    at_place(item.mark, [&] { eval->check(replicas.brain(0), *subject.world); });
    parts.evals.push_back({item.key, item.value.every.count, eval});
  }
  for (const auto& stage : config.curriculum.stages) parts.losses.push_back(build_losses(stage, subject, replicas.names()));
  const curriculum::Known known{replicas.names(), replicas.self_taught(), subject.world->regimes(), known_metrics(config, parts)};
  config::Problems errors, warnings;
  curriculum::check(config.curriculum, known, {errors, warnings});
  check_regimes(config, *subject.world, errors);
  errors.raise();
  if (!warnings.empty()) log::warn(warnings.text());
  return parts;
}

}  // namespace limbic::app
