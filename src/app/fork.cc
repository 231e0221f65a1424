#include <filesystem>
#include <optional>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/parts.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/core/text.h"
#include "limbic/training/origin.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

using training::RunPaths;

namespace {

/// What --set makes of the run's config as it is now, as `limbic resume --set` does: in the words
/// of the checkpoint's if it says nothing new, so that nothing counts from anew then.
std::string changed_config(const ForkOptions& options, const ConfigText& was,
                           const training::RunState& state) {
  const auto built = build_parts(read_run_config(options.run, options.set), options.to, at::kCPU);
  const ConfigChange change = compare_configs(was.yaml, was.file, built.config_yaml, state);
  if (!change.fixed.empty()) {
    throw input_error("fork: --set makes another brain or world: ", listed(change.fixed));
  }
  if (!change.stages.empty()) {
    throw input_error("fork: step ", state.step, " ", change.stages);
  }
  training::require_same_data(state, *built.world, options.run);
  if (change.empty()) return was.yaml;
  warn_of_past_stages(change, options.to);
  return built.config_yaml;
}

/// The config that the new run goes on with, which can be built: without --set, the checkpoint's.
std::string forked_config(const ForkOptions& options, const training::Snapshot& snapshot,
                          const training::RunState& state) {
  const ConfigText was = config_at(options.run, snapshot);
  const bool has_changed = read_file(RunPaths{options.run}.config()) != was.yaml;
  if (has_changed) {
    log::info(options.run, ": its config has changed since step ", state.step,
              "; the fork goes on by the config ",
              options.set.empty() ? "of that step" : "as it is now, and --set");
  }
  if (!options.set.empty()) return changed_config(options, was, state);
  const auto config = config::parse<RunConfig>(was.yaml, was.file, parts());
  (void)build_parts(config, options.to, at::kCPU);
  return was.yaml;
}

/// The best checkpoint, unless that is the one that is forked; forgotten where it is lost.
std::optional<training::Snapshot> take_best(const training::CheckpointStore& store,
                                            training::RunState& state) {
  state.best.forget_unless_among(store.list());
  if (!state.best.step || *state.best.step == state.step) return std::nullopt;
  try {
    return store.load(*state.best.step);
  } catch (const Error& error) {
    if (error.code() != ExitCode::kDamaged) throw;
    log::warn(error.what(), "; the fork goes without this best checkpoint");
    state.best = {};
    return std::nullopt;
  }
}

void refuse_a_run(const std::string& to) {
  if (exists(RunPaths{to}.config()))
    throw input_error(to, " holds a run already; give --to another directory");
}

}  // namespace

int fork(const ForkOptions& options) {
  require_run(options.run);
  refuse_a_run(options.to);
  const RunPaths from{options.run};
  const training::CheckpointStore store(from.checkpoints());
  auto snapshot = read_snapshot(options.run, options.at);
  training::RunState state = training::state_of(snapshot);
  const std::string config = forked_config(options, snapshot, state);
  if (state.best.step && change_since(snapshot, config, state).touches_best) {
    log::info(options.to, ": goes without the best checkpoint, of step ", *state.best.step,
              ", which was measured otherwise");
    state.best = {};
  }
  const std::optional<training::Snapshot> best = take_best(store, state);
  snapshot.state_json = to_json(state);

  training::RunDirectory to(options.to);
  refuse_a_run(options.to);  // that was begun before the lock was held
  training::CheckpointStore copies(to.paths().checkpoints());
  copies.recover();  // what an interrupted fork left
  copies.discard_after(-1);
  to.rewind({});
  to.copy_logs(from, state.logs);
  write_file_durably(to.paths().environment(), read_file(from.environment()));
  const auto absolute = std::filesystem::absolute(options.run).lexically_normal();
  write_file_durably(to.paths().origin(),
                     to_json(training::Origin{.run = absolute.string(), .step = snapshot.step}));
  if (best) copies.save(*best);
  copies.save(snapshot);
  write_file_durably(to.paths().config(), config);
  log::info(options.to, ": step ", snapshot.step, " of ", options.run,
            "; go on with limbic resume ", shell_word(options.to));
  return 0;
}

}  // namespace limbic::app
