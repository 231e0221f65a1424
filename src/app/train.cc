#include <csignal>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/config_file.h"
#include "limbic/app/device.h"
#include "limbic/app/parts.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/signals.h"
#include "limbic/core/trace.h"
#include "limbic/training/run_directory.h"
#include "limbic/training/trainer.h"

namespace limbic::app {

using training::Ending;
using training::Outcome;

namespace {

int exit_code(const Outcome& outcome) {
  if (outcome.ending == Ending::kStopped)
    log::info("stopped and saved after ", outcome.step, " steps");
  return outcome.signal == 0 ? 0 : 128 + outcome.signal;
}

// Whether a run began there as a fork: its config was agreed to when that was made.
bool was_forked_at(const std::string& run, int64_t step) {
  const std::string origin = training::RunPaths{run}.origin();
  return std::filesystem::exists(origin) &&
         nlohmann::json::parse(read_file(origin)).at("step") == step;
}

/// What a command says to a config that it does not go on by.
struct Advice {
  const char* if_fixed;  // another brain or world
  const char* if_not_allowed;
};
constexpr Advice kTrainAdvice{"give --run another directory",
                              "give --run another directory, or --accept-config-change to go on by "
                              "the new one"};
constexpr Advice kResumeAdvice{"limbic train begins another run by it",
                               "give one of these with --set to go on by the new one"};

/// The config by which a run goes on that was to do so by `wanted`: in its own words if that says
/// nothing new. Refuses one that makes another brain or world, and any other that nobody allowed.
std::string going_on_by(const std::string& wanted, const std::string& run, const std::string& at,
                        bool allowed, const Advice& advice) {
  const training::CheckpointStore store(training::RunPaths{run}.checkpoints());
  if (store.list().empty()) return wanted;
  const auto snapshot = read_snapshot(run, at);
  if (snapshot.step == 0) return wanted;  // nothing was learned by it
  const auto was = config::dump(config::parse<RunConfig>(
      snapshot.config_yaml, store.path(snapshot.step) + "/config.yaml", parts()));
  const ConfigChange change = compare_configs(was, config::parse_yaml(wanted, "config"));
  if (change.empty()) return snapshot.config_yaml;
  if (!change.is_safe()) {
    throw input_error(run, " holds a run of another config, which differs in ",
                      listed(change.fixed), "; ", advice.if_fixed);
  }
  if (!allowed && !was_forked_at(run, snapshot.step)) {
    throw input_error(run, " holds a run of another config, which differs in ", listed(change.keys),
                      "; ", advice.if_not_allowed);
  }
  log::info(run, ": going on by a new config, which differs in ", listed(change.keys));
  return wanted;
}

}  // namespace

int train(const TrainOptions& options) {
  const SignalWatch saves{SIGUSR1};  // which would end the process while parts are made
  const RunConfig config = read_config(options.config, options.set);
  const std::string run = options.run.empty()
                              ? "runs/" + std::filesystem::path(options.config).stem().string()
                              : options.run;
  training::Parts parts = build_parts(config, run, choose_device(options.device));
  const training::RunPaths paths{run};
  const bool has_begun = std::filesystem::exists(paths.checkpoints());
  if (std::filesystem::exists(paths.config())) {
    if (!has_begun && read_file(paths.config()) != parts.config_yaml) {
      throw input_error(paths.config(),
                        " is of no run that has begun; give --run another directory");
    }
    parts.config_yaml =
        going_on_by(parts.config_yaml, run, "", options.accept_config_change, kTrainAdvice);
  } else if (has_begun && !training::CheckpointStore(paths.checkpoints()).list().empty()) {
    throw input_error(run,
                      " holds checkpoints, but no config.yaml, as a fork that was interrupted "
                      "leaves it; remove it, or give --run another directory");
  }
  if (!parts.world->summary().empty()) log::info(parts.world->summary());
  training::Trainer trainer(std::move(parts));
  if (trainer.state().step > 0) log::info(run, ": going on from step ", trainer.state().step);
  if (!options.profile.empty()) trace::start();
  const Outcome outcome = trainer.run(options.steps);
  if (!options.profile.empty()) trace::write(options.profile);
  return exit_code(outcome);
}

int resume(const ResumeOptions& options) {
  const SignalWatch saves{SIGUSR1};
  const RunConfig config = read_run_config(options.run, options.set);
  training::Parts parts = build_parts(config, options.run, choose_device(options.device));
  parts.config_yaml =
      going_on_by(parts.config_yaml, options.run, options.at, !options.set.empty(), kResumeAdvice);
  if (options.workers) parts.training.workers = *options.workers;
  training::Trainer trainer(std::move(parts), step_named(options.run, options.at));
  log::info(options.run, ": going on from step ", trainer.state().step);
  return exit_code(trainer.run(options.steps));
}

}  // namespace limbic::app
