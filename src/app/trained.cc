#include "limbic/app/trained.h"

#include <filesystem>

#include "limbic/app/config_file.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

void require_run(const std::string& run) {
  if (!std::filesystem::exists(training::RunPaths{run}.config())) throw input_error(run, ": no run here (it has no config.yaml)");
}

RunConfig read_run_config(const std::string& run, const std::vector<std::string>& assignments) {
  require_run(run);
  return read_config(training::RunPaths{run}.config(), assignments);
}

Trained load_trained(const std::string& run, std::optional<int64_t> step, at::Device device) {
  Trained trained{read_run_config(run), {}, nullptr, {}};
  trained.subject = build_subject(trained.config);
  const training::CheckpointStore store(training::RunPaths{run}.checkpoints());
  if (store.list().empty()) throw input_error(run, ": no checkpoint yet");
  const auto warn = [](const std::string& line) { log::warn(line); };
  const auto snapshot = step ? store.load(*step) : store.load_newest(warn);
  trained.replicas = std::make_unique<training::Replicas>(trained.subject.make_brain, trained.config.circuits, 1, device);
  trained.replicas->prepare(1, trained.config.optimizer);
  const std::string place = store.path(snapshot.step);
  for (training::Circuit& circuit : trained.replicas->circuits()) {
    const auto found = snapshot.circuits.find(circuit.name());
    if (found == snapshot.circuits.end()) throw input_error(place, ": has no circuit '", circuit.name(), "'");
    circuit.load(found->second, place + "/" + circuit.name() + ".safetensors");
  }
  trained.state = training::parse_run_state(snapshot.state_json, place + "/state.json");
  return trained;
}

}  // namespace limbic::app
