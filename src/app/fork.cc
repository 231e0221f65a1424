#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

using training::RunPaths;

namespace {

/// The config that the new run goes on with, which can be built: in the checkpoint's words if it
/// says nothing new, so that nothing counts from anew then.
std::string forked_config(const ForkOptions& options, const training::Snapshot& snapshot,
                          const training::RunState& state, const std::string& place) {
  const auto parts = build_parts(read_run_config(options.run, options.set), options.to, at::kCPU);
  const ConfigChange change = compare_configs(snapshot.config_yaml, place + "/config.yaml",
                                              parts.config_yaml, state.curriculum);
  if (!change.fixed.empty()) {
    throw input_error("fork: --set makes another brain or world: ", listed(change.fixed));
  }
  if (!change.stages.empty()) {
    throw input_error("fork: step ", snapshot.step, " ", change.stages);
  }
  return change.empty() ? snapshot.config_yaml : parts.config_yaml;
}

/// Whether another checkpoint than that of this state is its best one, and still there.
bool has_earlier_best(const training::CheckpointStore& store, const training::RunState& state) {
  const std::vector<int64_t> steps = store.list();
  return state.best.step && *state.best.step < state.step &&
         std::ranges::find(steps, *state.best.step) != steps.end();
}

}  // namespace

int fork(const ForkOptions& options) {
  require_run(options.run);
  if (std::filesystem::exists(RunPaths{options.to}.config())) {
    throw input_error(options.to, " holds a run already; give --to another directory");
  }
  const RunPaths from{options.run};
  const training::CheckpointStore store(from.checkpoints());
  const auto snapshot = read_snapshot(options.run, options.at);
  const std::string place = store.path(snapshot.step);
  const auto state = training::parse_run_state(snapshot.state_json, place + "/state.json");
  const std::string config = forked_config(options, snapshot, state, place);

  training::RunDirectory to(options.to);
  training::CheckpointStore copies(to.paths().checkpoints());
  copies.recover();  // what an interrupted fork left
  copies.discard_after(-1);
  to.rewind({});
  to.copy_logs(from, state.logs);
  write_file_durably(to.paths().environment(), read_file(from.environment()));
  const nlohmann::ordered_json origin = {
      {"run", std::filesystem::absolute(options.run).lexically_normal()}, {"step", snapshot.step}};
  write_file_durably(to.paths().origin(), origin.dump(2) + "\n");
  if (has_earlier_best(store, state)) copies.save(store.load(*state.best.step));
  copies.save(snapshot);
  write_file_durably(to.paths().config(), config);
  log::info(options.to, ": step ", snapshot.step, " of ", options.run,
            "; go on with limbic resume ", options.to);
  return 0;
}

}  // namespace limbic::app
