#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/brain/brain.h"
#include "limbic/core/clock.h"
#include "limbic/training/gradient_step.h"
#include "limbic/training/worker_pool.h"

namespace limbic::app {
namespace {

nlohmann::ordered_json stage_plan(const RunConfig& config, size_t index,
                                  const training::Replicas& replicas) {
  const auto& stage = config.curriculum.stages[index];
  const auto factors = stage.plan.train.resolve(replicas.names());
  nlohmann::ordered_json out;
  out["stage"] = stage.plan.name.text;
  out["until"] = stage.plan.until->text();
  int64_t trained = 0;
  for (const auto& circuit : replicas.circuits()) {
    const bool learns = factors.contains(circuit.name());
    out["circuits"][circuit.name()] =
        learns ? "learning rate * " + curriculum::number_text(factors.at(circuit.name()))
               : "frozen";
    trained += learns ? circuit.num_parameters() : 0;
  }
  out["parameters_trained"] = trained;
  for (const auto& loss : stage.losses) out["losses"][loss.key] = loss.value.loss.type();
  if (const auto last = curriculum::surely_holds_at(*stage.plan.until))
    out["steps_at_most"] = *last;
  return out;
}

// Takes a few real steps of each stage, without its evals.
void add_times(const training::Parts& parts, training::Replicas& replicas,
               nlohmann::ordered_json& out) {
  constexpr int64_t kWarmUp = 2, kTimed = 5;
  training::WorkerPool pool(training::count_workers(parts.training));
  replicas.prepare(parts.training.chunks, parts.optimizer);
  training::GradientStep step(parts, replicas, pool);
  for (size_t stage = 0; stage < parts.plan.size(); ++stage) {
    step.enter(stage);
    double started = 0;
    for (int64_t i = 0; i < kWarmUp + kTimed; ++i) {
      if (i == kWarmUp) started = steady_seconds();
      step.run(i, i, /*rate=*/0);
    }
    auto& about = out["stages"][stage];
    const double seconds = (steady_seconds() - started) / kTimed;
    about["seconds_a_step"] = seconds;
    if (about.contains("steps_at_most"))
      about["seconds_at_most"] = seconds * about["steps_at_most"].get<double>();
  }
}

void print(const nlohmann::ordered_json& plan) {
  std::cout << "parameters  " << plan["parameters"]
            << "  (values, gradients and moments: " << std::fixed << std::setprecision(1)
            << plan["megabytes"].get<double>() << " MB)\n"
            << "genome      " << plan["genome_bytes"] << " bytes of innate YAML\n";
  for (const auto& stage : plan["stages"]) {
    std::cout << "\n"
              << stage["stage"].get<std::string>() << "  until "
              << stage["until"].get<std::string>() << "\n";
    for (const auto& [circuit, what] : stage["circuits"].items())
      std::cout << "  " << std::left << std::setw(12) << circuit << what.get<std::string>() << "\n";
    if (stage.contains("seconds_a_step")) {
      std::cout << "  " << 1000 * stage["seconds_a_step"].get<double>() << " ms a step";
      if (stage.contains("seconds_at_most"))
        std::cout << ", " << stage["seconds_at_most"].get<double>() << " s at most, evals apart";
      std::cout << "\n";
    }
    if (!stage.contains("losses")) continue;
    for (const auto& [name, type] : stage["losses"].items())
      std::cout << "  loss " << name << " (" << type.get<std::string>() << ")\n";
  }
}

}  // namespace

int plan(const PlanOptions& options) {
  const RunConfig config = read_config(options.config, options.set);
  const Subject subject = build_subject(config);
  const auto parts = build_parts(config, subject, "", at::kCPU);  // which finds every mistake
  training::Replicas replicas(subject.make_brain, config.circuits,
                              training::count_workers(config.training), at::kCPU);
  nlohmann::ordered_json out;
  int64_t parameters = 0;
  for (const auto& circuit : replicas.circuits()) parameters += circuit.num_parameters();
  out["parameters"] = parameters;
  out["megabytes"] = static_cast<double>(parameters * (4 + config.training.chunks) * 4) / 1e6;
  out["genome_bytes"] = subject.program->genome_bytes();
  for (size_t i = 0; i < config.curriculum.stages.size(); ++i)
    out["stages"].push_back(stage_plan(config, i, replicas));
  if (options.time) add_times(parts, replicas, out);
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
  return 0;
}

}  // namespace limbic::app
