#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/brain/gradient_sink.h"
#include "limbic/training/optimizer_config.h"
#include "limbic/training/safetensors.h"
#include "limbic/training/worker_pool.h"

namespace limbic::training {

/// What one step of AdamW is told; all but gates and counts 0-dim, on the device.
struct Update {
  at::Tensor rate;
  at::Tensor scale;            // times the gradient; undefined: 1
  at::Tensor gate_N, count_N;  // sums over the step for each assessor; undefined: all open. One
                               // whose count is 0 is left as it is, moments included
  at::Tensor skip;             // 1 leaves everything as it is
  at::Tensor rests = {};       // 1 leaves all but the moving average so; undefined: 0
};

/// A named, disjoint set of parameters: the unit of freezing, clipping, stepping, hashing and
/// saving.
///
/// Values, gradient, both moments and the moving average live in one flat buffer each; the
/// parameters of every brain that was adopted are views into the values. Parameters of one assessor
/// form a segment of their own, and so do those that weight decay spares (vectors: biases, norms),
/// since a segment is what one AdamW call steps.
///
/// Shapes  flat buffers [size]; every parameter starts at a multiple of 64 bytes. Chunk gradients
///         [num_buffers, size].
/// State   everything but the gradients is saved. Rules of their own (OwnRule) keep state in
///         buffers, adopted and saved likewise.
/// Threads `leaves`, `add_gradient` and `offer_gradients` of different buffers may run at once;
///         everything else is the trainer's.
/// Source  Loshchilov and Hutter 2019 (AdamW), arXiv:1711.05101.
class Circuit {
 public:
  /// The parameters of `module` called `parameters`, as they stand; assessors are the program's
  /// names, in order.
  Circuit(std::string name, const torch::nn::Module& module,
          const std::vector<std::string>& parameters, const std::vector<std::string>& buffers,
          const std::vector<std::string>& assessors);

  [[nodiscard]] const std::string& name() const { return name_; }
  [[nodiscard]] int64_t num_parameters() const { return num_parameters_; }
  /// Whether any of its parameters is the cortex's.
  [[nodiscard]] bool has_cortex() const;
  /// Indices of those that it holds parameters of.
  [[nodiscard]] std::set<int64_t> assessors() const;

  /// Makes the module's parameters and own-rule buffers views of this circuit's, and returns its
  /// leaves in order.
  std::vector<at::Tensor> adopt(torch::nn::Module& module) const;
  /// The same for a module that reads the moving average instead of the values.
  void adopt_average(torch::nn::Module& module) const;

  void to(at::Device device);
  /// Makes room for the gradients of chunks: `num_buffers` of them at once.
  void prepare(int64_t num_buffers, const OptimizerConfig& config);
  /// Adds `factor` times the gradients (one a leaf, undefined: none) to a buffer, which `step`
  /// leaves at 0.
  void add_gradient(int64_t buffer, const std::vector<at::Tensor>& gradients, double factor);
  /// Lets hand-written backwards do that themselves for a brain's leaves, while the sink lives.
  void offer_gradients(int64_t buffer, double factor, brain::GradientSink& sink) const;

  /// Sums the buffers in their order into the gradient, the first one, and returns its norm (0-dim,
  /// on the device).
  at::Tensor reduce(WorkerPool& pool);
  /// AdamW, and the moving average.
  void step(const Update& update, WorkerPool& pool);
  /// A step of the moving average alone, towards values that rest. skip: as in Update.
  void rest(const at::Tensor& skip, WorkerPool& pool);
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
  struct Piece {  // of a segment: what a worker reduces or steps at once
    int64_t segment, begin, size;
    [[nodiscard]] at::Tensor of(const at::Tensor& flat) const;
  };
  struct SegmentRates;
  /// Parameters become views of `flat`.
  std::vector<at::Tensor> adopt_as(torch::nn::Module& module, const at::Tensor& flat) const;
  [[nodiscard]] std::map<std::string, at::Tensor> state() const;
  void cut_pieces(int64_t most);
  SegmentRates count_steps(const Update& update);
  at::Tensor count_average(const at::Tensor& skip, const at::Tensor& rests);
  void step_piece(const Piece& piece, const SegmentRates& rates);

  std::string name_;
  int64_t num_parameters_ = 0;
  std::vector<Slot> slots_;
  std::vector<Segment> segments_;
  std::vector<Piece> pieces_;
  OptimizerConfig optimizer_;
  at::Tensor value_, gradients_, moment1_, moment2_;
  at::Tensor steps_S_;                  // of each segment, float: updates so far
  at::Tensor average_, average_steps_;  // undefined: none is kept
  std::map<std::string, at::Tensor> rule_state_;
};

/// Of what save() gave: whether only the optimizer reads it.
[[nodiscard]] bool is_optimizer_state(std::string_view name);

/// Of what save() gave: the weights that evals and infer use (the moving average where there is
/// one) and what was learned by an own rule, under the names that the brain knows them by.
[[nodiscard]] std::vector<NamedTensor> weights_of(const std::vector<NamedTensor>& saved);

}  // namespace limbic::training
