#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/own_rule.h"
#include "limbic/core/stream.h"
#include "limbic/losses/loss.h"
#include "limbic/training/chunk_input.h"
#include "limbic/training/parts.h"
#include "limbic/training/regime_deal.h"
#include "limbic/training/replayer.h"
#include "limbic/training/replicas.h"
#include "limbic/training/report_queue.h"
#include "limbic/training/worker_pool.h"

namespace limbic::training {

/// One step of learning: chunks of episodes -> signals -> losses -> one gradient per circuit ->
/// AdamW.
///
///   gradient_c = sum over chunks, in their order, of sum over losses of weight * factor * d loss /
///   d c / (chunks it applied to)
///
/// Losses with the same targets share one backward. A circuit that is not trained, or that no loss
/// of the step trains, is not touched, but for its moving average, which goes on to its values.
/// What the host decides about a chunk is decided before any of it is computed. So where Parts have
/// a recorder the workers prepare all chunks, and one device computes them in their order, by
/// replaying what it has done before: a graph for each kind of chunk and one for the update.
/// Threads the pool's workers prepare chunks, and compute them where there is no recorder; the
///         result does not depend on how many there are.
/// Departs a whole step is not one graph, since with masks of many sizes few steps are alike, but
///         chunks are.
class GradientStep {
 public:
  GradientStep(const Parts& parts, Replicas& replicas, WorkerPool& pool);

  /// Sets what is trained from here on.
  void enter(size_t stage);
  [[nodiscard]] const std::vector<StageLoss>& losses() const { return *losses_; }
  [[nodiscard]] std::vector<std::string> trained() const;
  /// What was not finite in a step that was skipped for it: "loss 'x' of circuit cortex is nan".
  [[nodiscard]] std::string why_skipped(const StepNumbers& numbers) const;
  /// rate: of learning, before each circuit's own factor.
  StepReport run(int64_t step, int64_t stage_step, double rate);
  /// Of the work that a recorder was given.
  [[nodiscard]] Replayer::Counts replays() const;

 private:
  struct Target {
    int64_t circuit;
    double factor;
    bool operator==(const Target&) const = default;
  };
  struct Group {  // losses that share a backward
    std::vector<Target> targets;
    at::Tensor held_N;  // float32: 1 for each assessor that these hold
    std::vector<int64_t> losses;
    bool reads_signals = false;
  };
  struct TrainedCircuit {
    int64_t circuit;
    double rate_factor;
  };
  struct ChunkResult {
    int64_t chunk;
    at::Tensor place;   // of the chunk, see ChunkInput
    at::Tensor loss_L;  // 0 where one does not apply
    std::vector<losses::GateSums> gates;
    std::vector<brain::OwnRule::Statistics> statistics;  // by each own rule
  };
  /// Of a step's chunks, for its update.
  struct Collected {
    at::Tensor loss_CL;
    losses::GateSums gates;  // undefined in a stage in which no loss teaches assessors
    std::vector<std::vector<brain::OwnRule::Statistics>> statistics;  // per chunk
  };
  struct Norms {                   // of gradients
    std::vector<at::Tensor> each;  // trained circuit's
    at::Tensor all;
  };
  struct UpdateInput {
    at::Tensor applied_CL;  // float32
    at::Tensor rate_T;      // float32, of each trained circuit
    at::Tensor taught_T;    // float32: 0 where no loss that trains it applies in this step
  };
  struct StepInput {  // what is decided of a step before its chunks are prepared
    int64_t step, stage_step;
    double rate;
    std::vector<RegimeDeal::Hand> hands;  // per chunk
    std::vector<int64_t> applied;         // per loss: number of chunks
  };

  void set_trained(const std::map<std::string, double>& factors);
  [[nodiscard]] bool is_trained(int64_t circuit) const;
  void group_losses();
  [[nodiscard]] std::vector<Target> trained_targets(const StageLoss& loss) const;
  [[nodiscard]] at::Tensor assessors_of(const std::vector<Target>& targets) const;
  void make_room();
  StepInput begin_step(int64_t step, int64_t stage_step, double rate);
  [[nodiscard]] bool applies(const StageLoss& loss, size_t regime) const;
  ChunkInput prepare(int64_t worker, int64_t chunk, const StepInput& step_input) const;
  void run_on_workers(const StepInput& step_input, StepReport& report);
  void run_on_device(const StepInput& step_input, StepReport& report);
  /// Gradients are added to the circuits' buffer of that number.
  ChunkResult compute(int64_t worker, int64_t buffer, const ChunkInput& input);
  void descend(int64_t worker, int64_t buffer, const Group& group, const at::Tensor& total,
               bool keep_graph);
  void collect(const ChunkResult& result);
  /// Cortex and amygdala, as far as they learn by a rule of their own now.
  [[nodiscard]] std::vector<brain::OwnRule*> rules(int64_t worker) const;
  static brain::Signals signals_for(brain::Brain& brain, const ChunkInput& input);
  [[nodiscard]] std::vector<const Group*> active_groups(const ChunkInput& input) const;
  [[nodiscard]] UpdateInput update_input(const StepInput& step_input) const;
  [[nodiscard]] bool is_taught(int64_t circuit, const StepInput& step_input) const;
  void update(const UpdateInput& input, WorkerPool& pool);
  void step_circuits(const UpdateInput& input, const Norms& norms, WorkerPool& pool);
  void end_amygdala_step();
  void learn_by_own_rules();

  const Parts& parts_;
  Replicas& replicas_;
  WorkerPool& pool_;
  WorkerPool alone_{1};  // a device's work is queued by one thread
  std::optional<Replayer> replayer_;
  Stream stream_;
  std::optional<RegimeDeal> deal_;  // of the stage
  const std::vector<StageLoss>* losses_ = nullptr;
  std::vector<int64_t> taught_ticks_L_;  // by each loss, of the cortex's thought
  std::vector<bool> teaches_cortex_L_;   // each loss
  std::vector<Group> groups_;
  std::vector<TrainedCircuit> trained_;
  Collected collected_;

  at::Tensor numbers_;  // of the report
  at::Tensor skipped_;  // 0-dim: 1 from the first step on that was not finite; so nothing moves
                        // until somebody sees it
  bool cortex_by_own_rule_ = false, amygdala_by_own_rule_ = false;  // in this stage
};

}  // namespace limbic::training
