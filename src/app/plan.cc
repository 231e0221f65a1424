#include <algorithm>
#include <cmath>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <sstream>

#include "limbic/app/build.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/plan_costs.h"
#include "limbic/brain/brain.h"
#include "limbic/core/error.h"
#include "limbic/core/named_enum.h"

namespace limbic::app {
namespace {

// What an episode holds, in the words that configs and commands use for it.
nlohmann::ordered_json variables_of(const worlds::Schema& schema) {
  auto all = nlohmann::ordered_json::array();
  for (const auto& variable : schema.variables()) {
    all.push_back({{"name", variable.name},
                   {"modality", variable.modality},
                   {"kind", name_of(variable.kind)},
                   {"size", variable.size},
                   {"cells", variable.num_cells},
                   {"ticks", variable.num_ticks},
                   {"access", name_of(variable.access)}});
  }
  return all;
}

nlohmann::ordered_json stage_plan(const RunConfig& config, size_t index,
                                  const training::Replicas& replicas) {
  const auto& stage = config.curriculum.stages[index];
  const auto factors = stage.plan.train.resolve(replicas.names());
  const auto self_taught = replicas.self_taught();
  nlohmann::ordered_json out;
  out["stage"] = stage.plan.name.text;
  out["until"] = stage.plan.until->text();
  int64_t trained = 0;
  for (const auto& circuit : replicas.circuits()) {
    const bool learns = factors.contains(circuit.name());
    const bool is_self_taught = std::ranges::find(self_taught, circuit.name()) != self_taught.end();
    out["circuits"][circuit.name()] =
        !learns          ? "frozen"
        : is_self_taught ? "by its own rule"
                         : "learning rate * " + curriculum::number_text(factors.at(circuit.name()));
    trained += learns ? circuit.num_parameters() : 0;
  }
  out["parameters_trained"] = trained;
  for (const auto& loss : stage.losses) out["losses"][loss.key] = loss.value.loss.type();
  out["steps_at_most"] = stage.plan.sure_end();
  return out;
}

void add_costs(const Costs& costs, nlohmann::ordered_json& out) {
  for (size_t stage = 0; stage < costs.seconds_a_step.size(); ++stage) {
    auto& about = out["stages"][stage];
    about["seconds_a_step"] = costs.seconds_a_step[stage];
    about["seconds_at_most"] = costs.seconds_a_step[stage] * about["steps_at_most"].get<double>();
  }
  if (costs.seconds_to_start) out["seconds_to_start"] = *costs.seconds_to_start;
  out["seconds_an_eval"] = costs.seconds_an_eval;
  out["peak_megabytes"] = costs.peak_megabytes;
}

// Of values, moments, their average and a gradient a chunk, all float32.
double megabytes(int64_t parameters, const RunConfig& config) {
  const int64_t copies = 3 + config.training.chunks + (config.optimizer.ema_decay > 0 ? 1 : 0);
  return static_cast<double>(parameters * copies * 4) / 1e6;
}

// In three digits, or all of those before the point.
std::string three_digits(const nlohmann::ordered_json& number) {
  const auto value = number.get<double>();
  const int before = value > 0 ? static_cast<int>(std::floor(std::log10(value))) + 1 : 1;
  std::ostringstream text;
  text << std::fixed << std::setprecision(std::max(0, 3 - before)) << value;
  return std::move(text).str();
}

void print_world(const nlohmann::ordered_json& plan) {
  std::cout << "regimes     " << plan["regimes"][0].get<std::string>();
  for (size_t i = 1; i < plan["regimes"].size(); ++i)
    std::cout << ", " << plan["regimes"][i].get<std::string>();
  std::cout << "\nvariables\n";
  const auto several = [](const nlohmann::ordered_json& count, const char* of) {
    return count == 1 ? std::string() : concat(", ", count.get<int64_t>(), " ", of);
  };
  for (const auto& variable : plan["variables"]) {
    const auto name = variable["name"].get<std::string>();
    const auto modality = variable["modality"].get<std::string>();
    const auto kind = variable["kind"].get<std::string>();
    std::cout << "  " << std::left << std::setw(16) << name << " "
              << (kind == "scalar" ? kind : concat(kind, " of ", variable["size"].get<int64_t>()))
              << several(variable["cells"], "cells") << several(variable["ticks"], "ticks") << "; "
              << variable["access"].get<std::string>()
              << (modality.empty() || modality == name ? "" : concat("; of ", modality)) << "\n";
  }
}

void print(const nlohmann::ordered_json& plan) {
  print_world(plan);
  std::cout << "\nparameters  " << plan["parameters"]
            << "  (values, gradients and moments: " << three_digits(plan["megabytes"]) << " MB)\n"
            << "genome      " << plan["genome_bytes"] << " bytes of innate YAML\n";
  for (const auto& stage : plan["stages"]) {
    std::cout << "\n"
              << stage["stage"].get<std::string>() << "  until "
              << stage["until"].get<std::string>() << "\n";
    for (const auto& [circuit, what] : stage["circuits"].items())
      std::cout << "  " << std::left << std::setw(12) << circuit << what.get<std::string>() << "\n";
    if (stage.contains("seconds_a_step")) {
      std::cout << "  " << three_digits(1000 * stage["seconds_a_step"].get<double>())
                << " ms a step, " << three_digits(stage["seconds_at_most"])
                << " s at most, evals apart\n";
    }
    if (!stage.contains("losses")) continue;
    for (const auto& [name, type] : stage["losses"].items())
      std::cout << "  loss " << name << " (" << type.get<std::string>() << ")\n";
  }
  if (!plan.contains("peak_megabytes")) return;
  std::cout << "\nmemory at its peak  " << three_digits(plan["peak_megabytes"]) << " MB\n";
  if (plan.contains("seconds_to_start"))
    std::cout << "fit before the first step  " << three_digits(plan["seconds_to_start"]) << " s\n";
  for (const auto& [name, seconds] : plan["seconds_an_eval"].items())
    std::cout << "  eval " << std::left << std::setw(18) << name << three_digits(seconds)
              << " s each time\n";
}

}  // namespace

int plan(const PlanOptions& options) {
  const RunConfig config = read_config(options.config, options.set);
  const Setup setup = build_setup(config);
  const auto parts = build_parts(config, setup, "", at::kCPU);  // which finds every mistake
  const int64_t num_brains = options.time ? training::count_workers(config.training) : 1;
  training::Replicas replicas(setup.make_brain, config.circuits, num_brains, at::kCPU);
  nlohmann::ordered_json out;
  out["regimes"] = setup.world->regimes();
  out["variables"] = variables_of(setup.world->schema());
  int64_t parameters = 0;
  for (const auto& circuit : replicas.circuits()) parameters += circuit.num_parameters();
  out["parameters"] = parameters;
  out["megabytes"] = megabytes(parameters, config);
  out["genome_bytes"] = setup.program->genome_bytes();
  for (size_t i = 0; i < config.curriculum.stages.size(); ++i)
    out["stages"].push_back(stage_plan(config, i, replicas));
  if (options.time) add_costs(try_out(parts, replicas), out);
  if (options.json)
    std::cout << out.dump(2) << "\n";
  else
    print(out);
  return 0;
}

}  // namespace limbic::app
