#include <map>
#include <string>

#include "limbic/app/commands.h"
#include "limbic/app/output.h"
#include "limbic/app/trained.h"
#include "limbic/core/log.h"
#include "limbic/training/circuit.h"

namespace limbic::app {

int export_weights(const ExportOptions& options) {
  Output out(options.to);
  const auto snapshot = read_snapshot(options.checkpoint, options.at);
  std::vector<training::NamedTensor> weights;
  for (const auto& [circuit, tensors] : snapshot.circuits) {
    for (auto& weight : training::weights_of(tensors)) weights.push_back(std::move(weight));
  }
  std::map<std::string, std::string> metadata;
  if (!snapshot.world_json.empty()) metadata["world"] = snapshot.world_json;
  out.stream() << training::encode(weights, metadata);
  out.commit();
  log::info(options.to, ": ", weights.size(), " tensors of step ", snapshot.step);
  return 0;
}

}  // namespace limbic::app
