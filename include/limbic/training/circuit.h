#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limbic/training/optimizer_config.h"
#include "limbic/training/safetensors.h"

namespace limbic::training {

/// A named, disjoint set of parameters: the unit of freezing, clipping, stepping, hashing and
/// saving.
///
/// Values, gradient, both moments and the moving average live in one flat buffer each; the
/// parameters of every brain that was adopted are views into the values. Parameters of one assessor
/// form a segment of their own, and so do those that weight decay spares (vectors: biases, norms),
/// since a segment is what one AdamW call steps.
///
/// Shapes  flat buffers [size]; every parameter starts at a multiple of 64 bytes. Chunk gradients
///         [num_chunks, size].
/// State   everything but the gradients is saved. Rules of their own (OwnRule) keep state in
///         buffers, adopted and saved likewise.
/// Threads `leaves` and `add_gradient` of different chunks may run at once; everything else is the
///         trainer's.
/// Source  Loshchilov and Hutter 2019 (AdamW), arXiv:1711.05101.
class Circuit {
 public:
  /// The parameters of `module` called `parameters`, as they stand; assessors are the amygdala's
  /// names, in order.
  Circuit(std::string name, const torch::nn::Module& module,
          const std::vector<std::string>& parameters, const std::vector<std::string>& buffers,
          const std::vector<std::string>& assessors);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int64_t num_parameters() const { return num_parameters_; }
  /// Whether any of its parameters is the cortex's.
  [[nodiscard]] bool has_cortex() const;

  /// Makes the module's parameters and own-rule buffers views of this circuit's, and returns its
  /// leaves in order.
  std::vector<at::Tensor> adopt(torch::nn::Module& module) const;
  /// The same for a module that reads the moving average instead of the values.
  void adopt_average(torch::nn::Module& module) const;

  void to(at::Device device);
  void prepare(int64_t num_chunks, const OptimizerConfig& config);
  /// Adds `factor` times the gradients (one a leaf, undefined: none) to the chunk's buffer, which
  /// `clear` sets to 0.
  void clear(int64_t chunk);
  void add_gradient(int64_t chunk, const std::vector<at::Tensor>& gradients, double factor);

  /// Sums the chunks in their order into the gradient and returns its norm (0-dim, on the device).
  at::Tensor reduce();
  void scale_gradient(const at::Tensor& factor) { gradient_.mul_(factor); }
  /// AdamW. rate: 0-dim. gate_N, count_N: sums over the step for each assessor (undefined: all
  /// open); an assessor whose count is 0 is left as it is, moments included. skip: 0-dim, 1 leaves
  /// everything as it is.
  void step(const at::Tensor& rate, const at::Tensor& gate_N, const at::Tensor& count_N,
            const at::Tensor& skip);
  void reset_moments();

  [[nodiscard]] uint64_t hash() const;  // of values, moments, average, counts and rule state
  [[nodiscard]] std::vector<NamedTensor> save() const;  // on the CPU
  /// Errors  limbic::Error (input) that names the first tensor that is missing, surplus or of
  ///         another shape.
  void load(const std::vector<NamedTensor>& tensors, const std::string& file);

 private:
  struct Slot {
    std::string name;
    std::vector<int64_t> shape;
    int64_t offset, size;
  };
  struct Segment {
    int64_t begin, end;
    int64_t assessor;  // -1: none
    bool decays;
  };
  [[nodiscard]] std::map<std::string, at::Tensor> state() const;
  void step_segments(const at::Tensor& rate, const at::Tensor& gate_N, const at::Tensor& count_N,
                     const at::Tensor& skip);
  void move_average(const at::Tensor& skip);

  std::string name_;
  int64_t num_parameters_ = 0;
  std::vector<Slot> slots_;
  std::vector<Segment> segments_;
  OptimizerConfig optimizer_;
  at::Tensor value_, gradient_, chunk_gradient_, moment1_, moment2_;
  at::Tensor steps_S_;                  // of each segment, float: updates so far
  at::Tensor average_, average_steps_;  // undefined: none is kept
  std::map<std::string, at::Tensor> rule_state_;
};

/// Of what save() gave: the weights that evals and infer use (the moving average where there is
/// one) and what was learned by an own rule, under the names that the brain knows them by.
[[nodiscard]] std::vector<NamedTensor> weights_of(const std::vector<NamedTensor>& saved);

}  // namespace limbic::training
