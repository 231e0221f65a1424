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

using Json = nlohmann::ordered_json;

namespace {

// What an episode holds, in the words that configs and commands use for it.
Json variables_of(const worlds::Schema& schema) {
  auto all = Json::array();
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

// Of regimes whose rows come again, how many different ones each split has.
Json distinct_rows_of(const worlds::World& world) {
  Json all = Json::object();
  for (const std::string& regime : world.regimes()) {
    for (const auto& [name, split] : enum_names(worlds::Split{})) {
      if (const auto rows = world.num_distinct_rows(regime, split)) all[regime][name] = *rows;
    }
  }
  return all;
}

// Of each circuit its parameters, by which configs name them, and their shapes.
Json parameters_of(const training::Replicas& replicas) {
  Json all = Json::object();
  for (const auto& parameter : replicas.brain(0).named_parameters()) {
    for (int64_t c = 0; c < std::ssize(replicas.circuits()); ++c) {
      const auto is_it = [&](const at::Tensor& leaf) { return leaf.is_same(parameter.value()); };
      if (std::ranges::any_of(replicas.leaves(0, c), is_it))
        all[replicas.circuits()[c].name()][parameter.key()] = parameter.value().sizes().vec();
    }
  }
  return all;
}

Json loss_plan(const curriculum::LossConfig<LossRecipe>& loss,
               const std::vector<std::string>& circuits) {
  Json out;
  out["type"] = loss.loss.type();
  out["weight"] = config::to_flow_yaml(config::dump(loss.weight));
  out["trains"] = loss.trains.resolve(circuits);
  out["regimes"] = Json::array();  // all of the stage's
  for (const config::Located& regime : loss.regimes) out["regimes"].push_back(regime.text);
  return out;
}

Json stage_plan(const RunConfig& config, size_t index, const training::Replicas& replicas) {
  const auto& stage = config.curriculum.stages[index];
  const auto factors = stage.plan.train.resolve(replicas.names());
  const auto own_rule = replicas.by_own_rule();
  Json out;
  out["stage"] = stage.plan.name.text;
  out["until"] = stage.plan.until->text();
  int64_t trained = 0;
  for (const auto& circuit : replicas.circuits()) {
    const bool learns = factors.contains(circuit.name());
    const bool by_own_rule = std::ranges::find(own_rule, circuit.name()) != own_rule.end();
    out["circuits"][circuit.name()] =
        !learns       ? "frozen"
        : by_own_rule ? "by its own rule"
                      : "learning rate * " + curriculum::number_text(factors.at(circuit.name()));
    trained += learns ? circuit.num_parameters() : 0;
  }
  out["parameters_trained"] = trained;
  for (const auto& loss : stage.losses)
    out["losses"][loss.key] = loss_plan(loss.value, replicas.names());
  out["steps_at_most"] = stage.plan.sure_end();
  return out;
}

void add_costs(const Costs& costs, Json& out) {
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
std::string three_digits(const Json& number) {
  const auto value = number.get<double>();
  const int before = value > 0 ? static_cast<int>(std::floor(std::log10(value))) + 1 : 1;
  std::ostringstream text;
  text << std::fixed << std::setprecision(std::max(0, 3 - before)) << value;
  return std::move(text).str();
}

// Of the keys of a map, in which the widest leaves two blanks.
int column_width(const Json& map, size_t least) {
  for (const auto& [name, value] : map.items()) least = std::max(least, name.size() + 2);
  return static_cast<int>(least);
}

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const std::string& word : words) text += (text.empty() ? "" : ", ") + word;
  return text;
}

void print_regimes(const Json& plan) {
  std::vector<std::string> regimes;
  for (const auto& regime : plan["regimes"]) {
    const auto name = regime.get<std::string>();
    std::vector<std::string> rows;
    if (plan["distinct_rows"].contains(name)) {
      for (const auto& [split, count] : plan["distinct_rows"][name].items())
        rows.push_back(concat(split, " ", count.get<int64_t>()));
    }
    regimes.push_back(rows.empty() ? name : concat(name, " (", joined(rows), " rows)"));
  }
  std::cout << "regimes     " << joined(regimes) << "\n";
}

void print_variables(const Json& variables) {
  const auto several = [](const Json& count, const char* of) {
    return count == 1 ? std::string() : concat(", ", count.get<int64_t>(), " ", of);
  };
  size_t width = 16;
  for (const auto& variable : variables)
    width = std::max(width, variable["name"].get<std::string>().size());
  std::cout << "variables\n";
  for (const auto& variable : variables) {
    const auto name = variable["name"].get<std::string>();
    const auto modality = variable["modality"].get<std::string>();
    const auto kind = variable["kind"].get<std::string>();
    std::cout << "  " << std::left << std::setw(static_cast<int>(width)) << name << " "
              << (kind == "scalar" ? kind : concat(kind, " of ", variable["size"].get<int64_t>()))
              << several(variable["cells"], "cells") << several(variable["ticks"], "ticks") << "; "
              << variable["access"].get<std::string>()
              << (modality.empty() || modality == name ? "" : concat("; of ", modality)) << "\n";
  }
}

void print_loss(const std::string& name, const Json& loss) {
  std::vector<std::string> trains;
  for (const auto& [circuit, factor] : loss["trains"].items()) {
    const std::string times = curriculum::number_text(factor.get<double>());
    trains.push_back(circuit + (times == "1" ? "" : " * " + times));
  }
  const auto regimes = loss["regimes"].get<std::vector<std::string>>();
  std::cout << "  loss " << name << " (" << loss["type"].get<std::string>() << "; weight "
            << loss["weight"].get<std::string>() << "; trains " << joined(trains)
            << (regimes.empty() ? "" : "; in " + joined(regimes)) << ")\n";
}

void print_stage(const Json& stage) {
  std::cout << "\n"
            << stage["stage"].get<std::string>() << "  until " << stage["until"].get<std::string>()
            << "\n";
  const int width = column_width(stage["circuits"], 12);
  for (const auto& [circuit, what] : stage["circuits"].items())
    std::cout << "  " << std::left << std::setw(width) << circuit << what.get<std::string>()
              << "\n";
  if (stage.contains("seconds_a_step")) {
    std::cout << "  " << three_digits(1000 * stage["seconds_a_step"].get<double>())
              << " ms a step, " << three_digits(stage["seconds_at_most"])
              << " s at most, evals apart\n";
  }
  if (!stage.contains("losses")) return;
  for (const auto& [name, loss] : stage["losses"].items()) print_loss(name, loss);
}

void print_costs(const Json& plan) {
  const int width = column_width(plan["seconds_an_eval"], 18);
  std::cout << "\n";
  for (const auto& [name, seconds] : plan["seconds_an_eval"].items())
    std::cout << "eval " << std::left << std::setw(width) << name << three_digits(seconds)
              << " s each time\n";
  if (plan.contains("seconds_to_start"))
    std::cout << "fit before the first step  " << three_digits(plan["seconds_to_start"]) << " s\n";
  std::cout << "memory at its peak  " << three_digits(plan["peak_megabytes"]) << " MB\n";
}

void print_parameters(const Json& circuits) {
  for (const auto& [circuit, parameters] : circuits.items()) {
    std::cout << "\nparameters of " << circuit << "\n";
    const int width = column_width(parameters, 12);
    for (const auto& [name, shape] : parameters.items()) {
      std::string sizes;
      for (const auto& size : shape)
        sizes += (sizes.empty() ? "" : "x") + std::to_string(size.get<int64_t>());
      std::cout << "  " << std::left << std::setw(width) << name << (sizes.empty() ? "1" : sizes)
                << "\n";
    }
  }
}

void print(const Json& plan) {
  print_regimes(plan);
  print_variables(plan["variables"]);
  std::cout << "\nparameters  " << plan["parameters"]
            << "  (values, gradients and moments: " << three_digits(plan["megabytes"]) << " MB)\n"
            << "genome      " << plan["genome_bytes"] << " bytes of innate YAML\n";
  for (const auto& stage : plan["stages"]) print_stage(stage);
  if (plan.contains("peak_megabytes")) print_costs(plan);
  print_parameters(plan["circuits"]);
}

}  // namespace

int plan(const PlanOptions& options) {
  const RunConfig config = read_config(options.config, options.set);
  const Setup setup = build_setup(config);
  const auto parts = build_parts(config, setup, "", at::kCPU);  // which finds every mistake
  const int64_t num_brains = options.time ? training::count_workers(config.training) : 1;
  training::Replicas replicas(setup.make_brain, config.circuits, num_brains, at::kCPU);
  Json out;
  out["regimes"] = setup.world->regimes();
  out["distinct_rows"] = distinct_rows_of(*setup.world);
  out["variables"] = variables_of(setup.world->schema());
  int64_t parameters = 0;
  for (const auto& circuit : replicas.circuits()) parameters += circuit.num_parameters();
  out["parameters"] = parameters;
  out["megabytes"] = megabytes(parameters, config);
  out["genome_bytes"] = setup.program->genome_bytes();
  out["circuits"] = parameters_of(replicas);
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
