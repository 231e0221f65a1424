#include <iostream>
#include <nlohmann/json.hpp>

#include "limbic/app/commands.h"
#include "limbic/app/device.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/evals/run_world.h"

namespace limbic::app {
namespace {

// The run's evals, on another split if one is asked for.
config::Map<EvalConfig> evals_of(const RunConfig& config, const EvalOptions& options) {
  if (options.split.empty()) return config.evals;
  std::vector<std::string> assignments;
  for (const auto& item : config.evals)
    assignments.push_back("evals." + item.key + ".split=" + options.split);
  return read_run_config(options.run, assignments).evals;
}

}  // namespace

int eval(const EvalOptions& options) {
  const at::Device device = choose_device(options.device);
  const Trained trained = load_trained(options.run, options.at, device);
  const config::Map<EvalConfig> evals = evals_of(trained.config, options);
  std::vector<std::string_view> known;
  for (const auto& item : evals) known.push_back(item.key);
  for (const std::string& name : options.only) {
    if (std::ranges::find(known, name) == known.end())
      throw input_error("--only: unknown eval ", quoted(name), did_you_mean(name, known));
  }
  nlohmann::ordered_json object;
  object["step"] = trained.state.step;
  const Stream run(static_cast<uint64_t>(trained.config.seed));
  const evals::RunWorld world(*trained.subject.world, run.child("training"));
  const at::NoGradGuard no_grad;
  for (const auto& item : evals) {
    if (!options.only.empty() && std::ranges::find(options.only, item.key) == options.only.end())
      continue;
    const Stream stream = run.child("eval").child(item.key);
    const auto made = item.value.eval.make();
    for (const auto& [key, value] : made->run(trained.brain(), world, stream, device)) {
      const std::string name = "eval/" + item.key + (key.empty() ? "" : "." + key);
      object[name] = value;
      if (!options.json)
        std::cout << name << std::string(name.size() < 40 ? 40 - name.size() : 1, ' ') << value
                  << "\n";
    }
  }
  if (options.json) std::cout << object.dump(2) << "\n";
  return 0;
}

}  // namespace limbic::app
