#pragma once

#include <ATen/core/Tensor.h>

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "limbic/curriculum/schedule.h"
#include "limbic/curriculum/stage_plan.h"
#include "limbic/evals/eval.h"
#include "limbic/losses/loss.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/optimizer_config.h"
#include "limbic/training/recorder.h"
#include "limbic/training/replicas.h"
#include "limbic/worlds/world.h"

namespace limbic::training {

/// YAML: `training`.
struct TrainingConfig {
  int64_t batch_size = 128;
  int64_t chunks = 8;
  int64_t workers = 0;
  int64_t graphs = 16;
  config::Steps log_every{20};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("batch_size", self.batch_size, within<int64_t>(1, 1 << 20), "episodes in a step");
    field("chunks", self.chunks, within<int64_t>(1, 1024),
          "parts that the rows are cut into; results depend on it, and on workers never");
    field("workers", self.workers, within<int64_t>(0, 1024),
          "threads; 0: one a core; a matter of the machine, so not kept with the run");
    field("graphs", self.graphs, within<int64_t>(0, 1024),
          "on a GPU: how many kinds of work are kept as CUDA graphs and replayed; results do not "
          "depend on it, and it is not kept with the run");
    field("log_every", self.log_every, config::at_least(1),
          "how often losses are averaged and logged");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Threads that a step uses here: as many as the config says, or one a core that this process may
/// use; never more than chunks.
[[nodiscard]] int64_t count_workers(const TrainingConfig& config);

/// One loss of a stage, ready to run.
struct StageLoss {
  std::string name;
  std::shared_ptr<const losses::Loss> loss;
  std::map<std::string, double> targets;  // circuit -> factor on its gradient
  curriculum::Schedule weight;
  std::vector<std::string> regimes;  // empty: all
};

struct ScheduledEval {
  std::string name;
  int64_t every = 0;      // [steps]
  bool at_start = false;  // also before the run's first step
  std::shared_ptr<const evals::Eval> eval;
};

/// Everything a trainer needs, finished; it parses nothing.
struct Parts {
  std::shared_ptr<const worlds::World> world;
  BrainFactory make_brain;
  config::Map<CircuitConfig> circuits;
  std::vector<curriculum::StagePlan> plan;
  std::vector<std::vector<StageLoss>> losses;  // per stage
  std::vector<ScheduledEval> evals;
  TrainingConfig training;
  OptimizerConfig optimizer;
  CheckpointConfig checkpoints;
  uint64_t seed = 0;
  at::Device device = at::kCPU;
  std::string device_name = "cpu";               // or a GPU's model and memory
  std::shared_ptr<Recorder> recorder = nullptr;  // of a device's work; null: workers compute
  std::string run_directory;
  std::string config_yaml;  // resolved

  /// For the gradients of chunks that are computed at once.
  [[nodiscard]] int64_t num_gradient_buffers() const { return recorder ? 1 : training.chunks; }
};

}  // namespace limbic::training
