#include "limbic/app/trained.h"

#include <ATen/Parallel.h>

#include "limbic/app/config_change.h"
#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/training/manifest.h"
#include "limbic/training/run_directory.h"
#include "limbic/worlds/recalled_world.h"

namespace limbic::app {
namespace {

constexpr std::string_view kBest = "best";

bool is_checkpoint(const std::string& path) { return exists(path + "/" + training::kManifestName); }

// A run's config, or one of the same brain and world.
RunConfig read_config_of_brain(const std::string& run, const std::vector<std::string>& set) {
  RunConfig config = read_run_config(run, set);
  if (set.empty()) return config;
  const ConfigChange change =
      compare_configs(config::dump(read_run_config(run)), config::dump(config), /*num_begun=*/0);
  if (!change.fixed.empty())
    throw input_error(run, ": --set makes another brain or world: ", listed(change.fixed));
  return config;
}

std::shared_ptr<const worlds::World> recall_world(const training::Snapshot& snapshot) {
  return worlds::recalled_world(snapshot.world_json,
                                concat(snapshot.directory, "/", training::kWorldName));
}

}  // namespace

void require_run(const std::string& run, std::string_view instead) {
  if (!exists(training::RunPaths{run}.config()))
    throw input_error(run, ": no run here (it has no config.yaml)");
  if (is_checkpoint(run)) throw input_error(run, " is a checkpoint of a run; give ", instead);
}

training::CheckpointStore require_checkpoints(const std::string& run) {
  training::CheckpointStore store(training::RunPaths{run}.checkpoints());
  if (store.list().empty()) throw input_error(run, ": no checkpoint yet");
  return store;
}

RunConfig read_run_config(const std::string& run, const std::vector<std::string>& assignments) {
  require_run(run);
  return read_recorded_config(training::RunPaths{run}.config(), assignments);
}

training::Snapshot read_snapshot(const std::string& path, const std::string& at) {
  if (is_checkpoint(path)) {
    if (!at.empty()) throw input_error(path, " is a checkpoint itself: --at goes with a run");
    return training::read_checkpoint(path);
  }
  require_run(path);
  const training::CheckpointStore store = require_checkpoints(path);
  const std::optional<int64_t> step = step_named(path, at);
  return step ? store.load(*step) : store.load_newest();
}

std::optional<int64_t> step_named(const std::string& run, const std::string& at) {
  if (at.empty()) return std::nullopt;
  if (at != kBest) return std::stoll(at);
  const training::Snapshot newest = read_snapshot(run, "");
  const training::RunState state = training::state_of(newest);
  if (state.best.step) return state.best.step;
  const auto best = read_run_config(run).checkpoints.best;
  if (!best)
    throw input_error(run,
                      ": no best checkpoint; checkpoints: {best: {of: eval/NAME}} in the config ",
                      "keeps one from the first such eval on");
  if (state.best.rule.ends_with(" " + best->of.text))
    throw input_error(run, ": no best checkpoint; ", best->of.text, " was never a number");
  throw input_error(run, ": no best checkpoint yet; the next ", best->of.text, " keeps one");
}

Trained load_trained(const std::string& run, const std::string& at, at::Device device,
                     const std::vector<std::string>& set, WorldFrom world_from) {
  at::set_num_threads(
      1);  // as in training, so that the same question has the same answer to the last bit
  Trained trained{read_config_of_brain(run, set), {}, nullptr, {}, device};
  const auto snapshot = read_snapshot(run, at);
  trained.state = training::state_of(snapshot);
  if (world_from == WorldFrom::kCheckpoint && set.empty() && !snapshot.world_json.empty()) {
    trained.setup = build_setup(trained.config, recall_world(snapshot));
  } else {
    trained.setup = build_setup(trained.config);
    training::require_same_data(trained.state, *trained.setup.world, run);
  }
  trained.replicas = std::make_unique<training::Replicas>(trained.setup.make_brain,
                                                          trained.config.circuits, 1, device);
  trained.replicas->prepare(1, trained.config.optimizer);
  trained.replicas->load(snapshot.circuits, snapshot.directory);
  return trained;
}

}  // namespace limbic::app
