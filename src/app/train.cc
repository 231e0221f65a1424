#include <csignal>
#include <filesystem>
#include <optional>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/config_file.h"
#include "limbic/app/device.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/profile.h"
#include "limbic/core/signals.h"
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

/// What a command says to a config that it does not go on by.
struct Advice {
  bool is_of_run;        // the run's own config, as it is now
  const char* if_fixed;  // another brain or world
  const char* if_not_allowed;
};
constexpr Advice kTrainAdvice{false, "give --run another directory",
                              "give --run another directory, or --accept-config-change to go on by "
                              "the new one"};
constexpr Advice kResumeAdvice{true, "limbic train begins another run by it",
                               "add --set, if only of a value that it has, to go on by the present "
                               "one"};

/// Refuses a change that makes another brain or world, and any other that nobody allowed.
void require_allowed(const ConfigChange& change, const std::string& run, int64_t step, bool allowed,
                     const Advice& advice) {
  if (change.empty()) return;
  if (!change.fixed.empty()) {
    throw input_error(run, " holds a run of another config, which differs in ",
                      listed(change.fixed), "; ", advice.if_fixed);
  }
  if (!change.stages.empty()) throw input_error(run, " ", change.stages, "; ", advice.if_fixed);
  if (!allowed) {
    throw input_error(run,
                      advice.is_of_run
                          ? concat(": its config has changed since step ", step, ", in ")
                          : " holds a run of another config, which differs in ",
                      listed(change.keys), "; ", advice.if_not_allowed);
  }
  log::info(run, ": going on by a new config, which differs in ", listed(change.keys));
  warn_of_past_stages(change, run);
}

/// Compares the config of `parts`, by which their run is to go on from a checkpoint, with the run's
/// own, whose words it takes if it says nothing new.
void compare_with_run(training::Parts& parts, const std::string& at, bool allowed,
                      const Advice& advice) {
  const std::string& run = parts.run_directory;
  if (training::CheckpointStore(training::RunPaths{run}.checkpoints()).list().empty()) return;
  const auto snapshot = read_snapshot(run, at);
  if (snapshot.step == 0) return;  // nothing was learned by it
  const training::RunState state = training::state_of(snapshot);
  const ConfigText was = config_at(run, snapshot);
  const ConfigChange change = compare_configs(was.yaml, was.file, parts.config_yaml, state);
  require_allowed(change, run, snapshot.step, allowed, advice);
  if (change.empty()) parts.config_yaml = was.yaml;
  parts.changes_conditions =
      compare_configs(snapshot.config_yaml, was.file, parts.config_yaml, state)
          .changes_conditions();
}

/// Trains; a profile that is asked for is written even if that fails.
Outcome run_profiled(training::Trainer& trainer, std::optional<int64_t> last_step,
                     std::optional<Output>& profile) {
  if (!profile) return trainer.run(last_step);
  const auto write = [&] {
    profile::write(profile->stream());
    profile->commit();
  };
  profile::start();
  Outcome outcome;
  try {
    outcome = trainer.run(last_step);
  } catch (...) {
    write();
    throw;
  }
  write();
  return outcome;
}

}  // namespace

int train(const TrainOptions& options) {
  // Either would end the process while parts are made, SIGPIPE also when the run is over.
  const SignalWatch around{SIGUSR1, SIGPIPE};
  const RunConfig config = read_config(options.config, options.set);
  const std::string run = options.run.empty()
                              ? "runs/" + std::filesystem::path(options.config).stem().string()
                              : options.run;
  std::optional<Output> profile = optional_output(options.profile);
  training::Parts parts = build_parts(config, run, choose_device(options.device));
  const training::RunPaths paths{run};
  const bool has_begun = exists(paths.checkpoints());
  if (exists(paths.config())) {
    if (!has_begun && read_file(paths.config()) != parts.config_yaml) {
      throw input_error(paths.config(),
                        " is of no run that has begun; give --run another directory");
    }
    compare_with_run(parts, "", options.accept_config_change, kTrainAdvice);
  } else if (has_begun && !training::CheckpointStore(paths.checkpoints()).list().empty()) {
    throw input_error(run,
                      " holds checkpoints, but no config.yaml, as a fork that was interrupted "
                      "leaves it; remove it, or give --run another directory");
  }
  if (!parts.world->summary().empty()) log::info(parts.world->summary());
  training::Trainer trainer(std::move(parts));
  if (trainer.state().step > 0) log::info(run, ": going on from step ", trainer.state().step);
  return exit_code(run_profiled(trainer, options.steps, profile));
}

int resume(const ResumeOptions& options) {
  const SignalWatch around{SIGUSR1, SIGPIPE};
  const RunConfig config = read_run_config(options.run, options.set);
  training::Parts parts = build_parts(config, options.run, choose_device(options.device));
  compare_with_run(parts, options.at, !options.set.empty(), kResumeAdvice);
  if (options.workers) parts.training.workers = *options.workers;
  training::Trainer trainer(std::move(parts), step_named(options.run, options.at));
  log::info(options.run, ": going on from step ", trainer.state().step);
  return exit_code(trainer.run(options.steps));
}

}  // namespace limbic::app
