#include <csignal>

#include <filesystem>

#include "limbic/app/commands.h"
#include "limbic/app/config_file.h"
#include "limbic/app/device.h"
#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/run_directory.h"
#include "limbic/training/trainer.h"

namespace limbic::app {

using training::Ending;
using training::Outcome;

namespace {

int exit_code(const Outcome& outcome) {
  if (outcome.ending == Ending::kStopped) log::info("stopped and saved after ", outcome.step, " steps");
  return outcome.signal == 0 ? 0 : 128 + outcome.signal;
}

// Keys, dotted, in which two configs differ.
void collect_differences(const config::Node& a, const config::Node& b, const std::string& path, std::vector<std::string>& out) {
  if (a == b) return;
  if (a.kind != config::Node::Kind::kMap || b.kind != config::Node::Kind::kMap) {
    out.push_back(path);
    return;
  }
  const auto below = [&](const std::string& key) { return path.empty() ? key : path + "." + key; };
  const config::Node none;
  for (const auto& entry : a.entries) {
    const config::Node* other = b.find(entry.key);
    collect_differences(entry.value, other ? *other : none, below(entry.key), out);
  }
  for (const auto& entry : b.entries) {
    if (a.find(entry.key) == nullptr) out.push_back(below(entry.key));
  }
}

void refuse_another_config(const std::string& run, const config::Node& wanted) {
  const training::RunPaths paths{run};
  if (!std::filesystem::exists(paths.config())) return;
  std::vector<std::string> differences;
  collect_differences(config::dump(read_run_config(run)), wanted, "", differences);
  if (differences.empty()) return;
  std::string keys;
  for (const std::string& key : differences) keys += (keys.empty() ? "" : ", ") + key;
  throw input_error(run, " holds a run of another config, which differs in ", keys, "; give --run another directory");
}

}  // namespace

int train(const TrainOptions& options) {
  const RunConfig config = read_config(options.config, options.set);
  const std::string run = options.run.empty() ? "runs/" + std::filesystem::path(options.config).stem().string() : options.run;
  refuse_another_config(run, config::dump(config));
  training::Trainer trainer(build_parts(config, run, choose_device(options.device)));
  if (trainer.state().step > 0) log::info(run, ": going on from step ", trainer.state().step);
  return exit_code(trainer.run(options.steps));
}

int resume(const ResumeOptions& options) {
  RunConfig config = read_run_config(options.run);
  if (options.workers) config.training.workers = *options.workers;
  training::Trainer trainer(build_parts(config, options.run, choose_device(options.device)), options.at);
  log::info(options.run, ": going on from step ", trainer.state().step);
  return exit_code(trainer.run(options.steps));
}

}  // namespace limbic::app
