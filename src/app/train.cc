#include <csignal>
#include <filesystem>
#include <optional>
#include <string>
#include <utility>

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
#include "limbic/core/text.h"
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
                      listed(change.keys()), "; ", advice.if_not_allowed);
  }
}

/// Whether a run may go on by the config of its parts, and what a person is told of that.
class Consent {
 public:
  Consent(const training::Parts& parts, bool is_given, const Advice& advice)
      : run_(parts.run_directory),
        config_yaml_(parts.config_yaml),
        is_given_(is_given),
        advice_(advice) {}

  /// Compares it with the run's own, whose words it takes if it says nothing new.
  training::ConfigDelta agree(const training::Snapshot& from) {
    if (from.step == 0) return {config_yaml_};  // nothing was learned by it
    const training::RunState state = training::state_of(from);
    const ConfigText was = config_at(run_, from);
    change_ = compare_configs(was.yaml, was.file, config_yaml_, state);
    require_allowed(change_, run_, from.step, is_given_, advice_);
    if (change_.empty()) config_yaml_ = was.yaml;
    const bool is_its_own = was.yaml == from.config_yaml;  // as of all but a fork at its first step
    ConfigChange since = is_its_own ? change_ : change_since(from, config_yaml_, state);
    const bool moves_data = since.moves_data();
    return {config_yaml_, std::move(since.values), since.touches_conditions, since.touches_best,
            moves_data};
  }

  void tell(const training::Trainer& trainer) const {
    const std::string keys = listed(change_.keys());
    if (!change_.empty() && !change_.moves_data() && !trainer.is_running()) {
      log::info(run_, ": nothing is left to train by a new config, which differs in ", keys,
                ": the run stays as it was; its last stage would have to last longer (until, "
                "at_most)");
      return;
    }
    if (!change_.empty()) {
      log::info(run_, ": going on by a new config, which differs in ", keys);
      warn_of_past_stages(change_, run_);
    }
    if (trainer.state().step > 0) log::info(run_, ": going on from step ", trainer.state().step);
  }

 private:
  std::string run_, config_yaml_;
  bool is_given_;
  const Advice& advice_;
  ConfigChange change_;
};

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

/// Where nobody says, by the config's name. Errors: input for one that a run keeps.
std::string run_of(const TrainOptions& options) {
  if (!options.run.empty()) return options.run;
  const std::filesystem::path config = options.config;
  const std::string folder = config.has_parent_path() ? config.parent_path().string() : ".";
  if (config.filename() == "config.yaml" && exists(training::RunPaths{folder}.checkpoints())) {
    throw input_error(options.config, " is the record of a run; limbic resume ", shell_word(folder),
                      " goes on with it, --run DIR begins another");
  }
  return "runs/" + config.stem().string();
}

}  // namespace

int train(const TrainOptions& options) {
  // Either would end the process while parts are made, SIGPIPE also when the run is over.
  const SignalWatch around{SIGUSR1, SIGPIPE};
  const RunConfig config = read_config(options.config, options.set);
  const std::string run = run_of(options);
  std::optional<Output> profile = optional_output(options.profile);
  training::Parts parts = build_parts(config, run, choose_device(options.device));
  const training::RunPaths paths{run};
  const bool has_begun = exists(paths.checkpoints());
  if (exists(paths.config())) {
    if (!has_begun && read_file(paths.config()) != parts.config_yaml) {
      throw input_error(paths.config(),
                        " is of no run that has begun; give --run another directory");
    }
  } else if (has_begun && !training::CheckpointStore(paths.checkpoints()).list().empty()) {
    throw input_error(run,
                      " holds checkpoints, but no config.yaml, as a fork that was interrupted "
                      "leaves it; remove it, or give --run another directory");
  }
  if (!parts.world->summary().empty()) log::info(parts.world->summary());
  Consent consent(parts, options.accept_config_change, kTrainAdvice);
  training::Trainer trainer(std::move(parts), std::nullopt,
                            [&](const training::Snapshot& from) { return consent.agree(from); });
  consent.tell(trainer);
  return exit_code(run_profiled(trainer, options.steps, profile));
}

int resume(const ResumeOptions& options) {
  const SignalWatch around{SIGUSR1, SIGPIPE};
  const RunConfig config = read_run_config(options.run, options.set);
  training::Parts parts = build_parts(config, options.run, choose_device(options.device));
  if (options.workers) parts.training.workers = *options.workers;
  Consent consent(parts, !options.set.empty(), kResumeAdvice);
  training::Trainer trainer(std::move(parts), step_named(options.run, options.at),
                            [&](const training::Snapshot& from) { return consent.agree(from); });
  consent.tell(trainer);
  return exit_code(trainer.run(options.steps));
}

}  // namespace limbic::app
