#include <algorithm>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "limbic/app/choose.h"
#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/device.h"
#include "limbic/app/parts.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/evaluator.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {
namespace {

using Json = nlohmann::ordered_json;

// The same evals on another split.
config::Map<EvalConfig> on_split(config::Node evals, worlds::Split split) {
  for (config::Entry& eval : evals.entries) {
    std::erase_if(eval.value.entries,
                  [](const config::Entry& entry) { return entry.key == "split"; });
    eval.value.entries.push_back({"split", {}, config::Node::word(name_of(split))});
  }
  return config::parse<config::Map<EvalConfig>>(evals, parts());
}

// The run's evals, on another split if one is asked for.
config::Map<EvalConfig> evals_of(const RunConfig& config, const EvalOptions& options,
                                 std::optional<worlds::Split> split) {
  if (config.evals.empty()) log::warn(options.run, ": this config has no evals");
  if (!split || config.evals.empty()) return config.evals;
  config::Problems problems;
  const config::Node root =
      read_config_tree(training::RunPaths{options.run}.config(), options.set, problems);
  problems.raise();
  return on_split(*root.find("evals"), *split);
}

// Those of these names; all of them where none is given.
void keep_only(const std::vector<std::string>& names, config::Map<EvalConfig>& evals) {
  std::vector<std::string_view> known;
  for (const auto& item : evals) known.push_back(item.key);
  for (const std::string& name : names) {
    if (std::ranges::find(known, name) == known.end())
      throw input_error("--only: unknown eval ", quoted(name), did_you_mean(name, known));
  }
  std::erase_if(evals.entries, [&](const auto& item) {
    return !names.empty() && std::ranges::find(names, item.key) == names.end();
  });
}

}  // namespace

int eval(const EvalOptions& options) {
  std::optional<worlds::Split> split;
  if (!options.split.empty()) split = choose_split(options.split);
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device, options.set);
  config::Map<EvalConfig> configs = evals_of(trained.config, options, split);
  keep_only(options.only, configs);
  config::Problems problems;
  const auto evals = build_evals(configs, trained.brain(), *trained.setup.world, problems);
  problems.raise();
  Json object;
  object["step"] = trained.state.step;
  const evals::Evaluator evaluator(*trained.setup.world, static_cast<uint64_t>(trained.config.seed),
                                   device);
  for (const training::ScheduledEval& scheduled : evals) {
    for (const auto& [name, value] :
         evaluator.run(*scheduled.eval, scheduled.name, trained.brain())) {
      object[name] = number_to_json<Json>(value);
      if (!options.json)
        std::cout << name << std::string(name.size() < 40 ? 40 - name.size() : 1, ' ')
                  << number_words(value) << "\n";
    }
  }
  if (options.json) std::cout << object.dump(2) << "\n";
  return 0;
}

}  // namespace limbic::app
