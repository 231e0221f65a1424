#include "limbic/app/trained.h"

#include <ATen/Parallel.h>

#include <filesystem>

#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/manifest.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

void require_run(const std::string& run) {
  if (!std::filesystem::exists(training::RunPaths{run}.config()))
    throw input_error(run, ": no run here (it has no config.yaml)");
}

RunConfig read_run_config(const std::string& run, const std::vector<std::string>& assignments) {
  require_run(run);
  return read_config(training::RunPaths{run}.config(), assignments);
}

training::Snapshot read_snapshot(const std::string& path, std::optional<int64_t> step) {
  if (std::filesystem::exists(path + "/" + training::kManifestName)) {
    if (step) throw input_error(path, " is a checkpoint itself: --at goes with a run");
    return training::read_checkpoint(path);
  }
  require_run(path);
  const training::CheckpointStore store(training::RunPaths{path}.checkpoints());
  if (store.list().empty()) throw input_error(path, ": no checkpoint yet");
  return step ? store.load(*step)
              : store.load_newest([](const std::string& line) { log::warn(line); });
}

Trained load_trained(const std::string& run, std::optional<int64_t> step, at::Device device) {
  at::set_num_threads(
      1);  // as in training, so that the same question has the same answer to the last bit
  Trained trained{read_run_config(run), {}, nullptr, {}};
  trained.subject = build_subject(trained.config);
  const auto snapshot = read_snapshot(run, step);
  trained.replicas = std::make_unique<training::Replicas>(trained.subject.make_brain,
                                                          trained.config.circuits, 1, device);
  trained.replicas->prepare(1, trained.config.optimizer);
  const std::string place =
      training::CheckpointStore(training::RunPaths{run}.checkpoints()).path(snapshot.step);
  trained.replicas->load(snapshot.circuits, place);
  trained.state = training::parse_run_state(snapshot.state_json, place + "/state.json");
  return trained;
}

}  // namespace limbic::app
