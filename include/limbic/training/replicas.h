#pragma once

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/config/fields.h"
#include "limbic/core/stream.h"
#include "limbic/training/circuit.h"
#include "limbic/worlds/world.h"

namespace limbic::training {

/// YAML: one item of `circuits`.
struct CircuitConfig {
  std::vector<config::Located> parameters;

  static void fields(auto& self, auto&& field) {
    field("parameters", self.parameters, config::required,
          "globs over the names of parameters, such as cortex.block*");
  }
};

using BrainFactory = std::function<std::shared_ptr<brain::Brain>()>;

/// One brain a worker, all of them views of one set of circuits.
///
/// Without a config, the cortex and the amygdala are a circuit each. The slower weights of a chain
/// are in the circuit of their weight, other buffers in that of cortex or amygdala.
/// Errors  ConfigError at a glob that matches nothing, and if a parameter is in two circuits or in
///         none.
/// Threads brains of different workers may compute at once.
class Replicas {
 public:
  Replicas(const BrainFactory& make_brain, const config::Map<CircuitConfig>& config,
           int64_t num_workers, at::Device device);

  [[nodiscard]] std::vector<Circuit>& circuits() { return circuits_; }
  [[nodiscard]] const std::vector<Circuit>& circuits() const { return circuits_; }
  /// Index of a circuit by name, or -1.
  [[nodiscard]] int64_t find(const std::string& name) const;
  [[nodiscard]] std::vector<std::string> names() const;
  /// Circuits whose modules learn by a rule of their own.
  [[nodiscard]] std::vector<std::string> by_own_rule() const;

  /// Shows the cortex the training rows that it wants to see before the first step, of each regime
  /// its share; `stream` is that of the steps.
  void initialise_from(const worlds::World& world, const std::map<std::string, double>& shares,
                       const Stream& stream);
  void prepare(int64_t num_buffers, const OptimizerConfig& optimizer);
  /// Takes over what a checkpoint at `place` holds. Errors: as Circuit::load, and for a circuit too
  /// few or too many.
  void load(const std::map<std::string, std::vector<NamedTensor>>& saved, const std::string& place);

  [[nodiscard]] brain::Brain& brain(int64_t worker) const { return *workers_[worker].brain; }
  [[nodiscard]] const std::vector<at::Tensor>& leaves(int64_t worker, int64_t circuit) const {
    return workers_[worker].leaves[circuit];
  }
  /// The brain that evals and infer use: of the moving average where there is one.
  [[nodiscard]] brain::Brain& eval_brain(int64_t worker) const {
    return eval_brains_.empty() ? brain(worker) : *eval_brains_[worker];
  }

 private:
  struct Worker {
    std::shared_ptr<brain::Brain> brain;
    std::vector<std::vector<at::Tensor>> leaves;  // per circuit
  };
  void cut(const brain::Brain& brain, const config::Map<CircuitConfig>& config);

  BrainFactory make_brain_;
  at::Device device_;
  std::vector<Circuit> circuits_;
  std::vector<Worker> workers_;
  std::vector<std::shared_ptr<brain::Brain>> eval_brains_;
};

}  // namespace limbic::training
