#include <algorithm>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/config_change.h"
#include "limbic/app/inspect_assessor.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/text.h"

namespace limbic::app {

using Json = nlohmann::ordered_json;

namespace {

std::string shape_text(const at::Tensor& tensor) {
  std::string text;
  for (const int64_t size : tensor.sizes())
    text += (text.empty() ? "" : "x") + std::to_string(size);
  return text.empty() ? "1" : text;
}

double norm_of(const at::Tensor& tensor) { return tensor.to(at::kDouble).norm().item<double>(); }

// A line a tensor; the optimizer's state in one.
void print_circuit(const std::string& circuit, const std::vector<training::NamedTensor>& tensors) {
  size_t width = 48;
  int64_t numbers = 0, state_tensors = 0, state_numbers = 0;
  for (const auto& [name, value] : tensors) {
    const bool is_state = training::is_optimizer_state(name);
    if (!is_state) width = std::max(width, name.size() + 2);
    state_tensors += is_state;
    (is_state ? state_numbers : numbers) += value.numel();
  }
  std::cout << circuit << ", " << counted(numbers, "number") << "\n";
  for (const auto& [name, value] : tensors) {
    if (training::is_optimizer_state(name)) continue;
    std::cout << "  " << std::left << std::setw(static_cast<int>(width)) << name << std::setw(14)
              << shape_text(value) << "norm " << std::setprecision(5) << norm_of(value) << "\n";
  }
  if (state_tensors == 0) return;
  std::cout << "  and " << counted(state_tensors, "tensor") << " of the optimizer, "
            << counted(state_numbers, "number") << " (--json lists them)\n";
}

}  // namespace

int inspect(const InspectOptions& options) {
  if (options.assessor) return inspect_assessor(options);
  const auto snapshot = read_snapshot(options.run, options.at);
  const training::RunState state = training::state_of(snapshot);
  const auto config = config::parse_yaml(snapshot.config_yaml, "config.yaml");
  const bool finished = state.curriculum.status == curriculum::Status::kFinished;
  const std::vector<std::string> stages = stage_names(config);
  if (state.curriculum.stage >= std::ssize(stages))
    throw damaged(snapshot.directory, "/", training::kStateName, ": stage ", state.curriculum.stage,
                  " of ", stages.size());
  const std::string& stage = stages[state.curriculum.stage];
  if (!options.json) {
    std::cout << options.run << "  step " << snapshot.step << ", stage " << stage
              << (finished ? ", finished" : "") << "\n";
    for (const auto& [circuit, tensors] : snapshot.circuits) print_circuit(circuit, tensors);
    return 0;
  }
  Json out = {
      {"run", options.run}, {"step", snapshot.step}, {"stage", stage}, {"finished", finished}};
  for (const auto& [circuit, tensors] : snapshot.circuits) {
    for (const auto& [name, value] : tensors)
      out["circuits"][circuit][name] = {{"shape", shape_text(value)},
                                        {"norm", number_to_json<Json>(norm_of(value))}};
  }
  std::cout << out.dump(2) << "\n";
  return 0;
}

int verify(const VerifyOptions& options) {
  require_run(options.run, "that run");
  const training::CheckpointStore store = require_checkpoints(options.run);
  const auto findings = store.verify();
  Json out = {{"checkpoints", store.list()}, {"damaged", Json::array()}};
  for (const auto& finding : findings) {
    out["damaged"].push_back({{"step", finding.step}, {"problem", finding.problem}});
    if (!options.json) std::cout << finding.problem << "\n";
  }
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    std::cout << store.list().size() << " checkpoints, " << findings.size() << " problems\n";
  return static_cast<int>(findings.empty() ? ExitCode::kDone : ExitCode::kDamaged);
}

}  // namespace limbic::app
