#pragma once

#include <map>
#include <string>
#include <vector>

#include "limbic/core/stream.h"
#include "limbic/training/parts.h"
#include "limbic/training/replicas.h"
#include "limbic/training/worker_pool.h"

namespace limbic::training {

/// What a step did. Tensors stay on the device until somebody asks.
struct StepReport {
  at::Tensor loss_L;  // mean over the chunks that a loss applied to, unweighted; 0 if to none
  std::vector<bool> applied;  // per loss
  at::Tensor skipped;  // 0-dim: 1 if a loss or gradient was not finite, and nothing was stepped
  std::vector<at::Tensor> norms;  // of each trained circuit's gradient, in the order of `trained`
  std::map<std::string, int64_t> audit;
};

/// One step of learning: chunks of episodes -> signals -> losses -> one gradient per circuit ->
/// AdamW.
///
///   gradient_c = sum over chunks, in their order, of sum over losses of weight * factor * d loss /
///   d c / (chunks it applied to)
///
/// Losses with the same targets share one backward; a circuit that is not trained is not touched.
/// Threads the pool's workers compute chunks; the result does not depend on how many there are.
class GradientStep {
 public:
  GradientStep(const Parts& parts, Replicas& replicas, WorkerPool& pool);

  /// Sets what is trained from here on.
  void enter(size_t stage);
  [[nodiscard]] const std::vector<StageLoss>& losses() const { return *losses_; }
  [[nodiscard]] std::vector<std::string> trained() const;
  /// rate: of learning, before each circuit's own factor.
  StepReport run(int64_t step, int64_t stage_step, double rate);

 private:
  struct Target {
    int64_t circuit;
    double factor;
  };
  struct Group {  // losses that share a backward
    std::vector<Target> targets;
    std::vector<int64_t> losses;
    bool reads_signals = false;
    bool teaches_cortex = false;
  };
  struct Trained {
    int64_t circuit;
    double rate_factor;
  };
  struct ChunkResult {
    std::vector<at::Tensor> loss;  // undefined where it did not apply
    std::vector<losses::Activity> activity;
    std::map<std::string, int64_t> audit;
    std::vector<brain::OwnRule::Statistics> statistics;  // of each circuit that teaches itself
  };
  struct Clock {
    int64_t step, stage_step;
    std::vector<size_t> regime;    // per chunk
    std::vector<int64_t> applied;  // per loss: number of chunks
  };

  [[nodiscard]] Clock wind(int64_t step, int64_t stage_step) const;
  [[nodiscard]] bool applies(const StageLoss& loss, size_t regime) const;
  ChunkResult run_chunk(int64_t worker, int64_t chunk, const Clock& clock);
  void descend(int64_t worker, int64_t chunk, const Group& group, const at::Tensor& total,
               bool keep_graph);
  /// Cortex and amygdala, as far as they learn by a rule of their own now.
  [[nodiscard]] std::vector<brain::OwnRule*> rules(int64_t worker) const;
  brain::Signals signals_for(brain::Brain& brain, const worlds::Episodes& drawn,
                             const worlds::Episodes& episodes,
                             const std::vector<const Group*>& groups) const;
  [[nodiscard]] losses::Activity activity_of(const std::vector<ChunkResult>& chunks) const;
  void report_losses(const std::vector<ChunkResult>& chunks, StepReport& report) const;
  StepReport update(const std::vector<ChunkResult>& chunks, double rate);
  void step_circuits(const StepReport& report, const at::Tensor& norm, double rate,
                     const losses::Activity& activity);
  void end_amygdala_step(const losses::Activity& activity, const at::Tensor& skipped);
  void learn_by_own_rules(const std::vector<ChunkResult>& chunks, const at::Tensor& skipped);

  const Parts& parts_;
  Replicas& replicas_;
  WorkerPool& pool_;
  Stream stream_;
  std::vector<double> shares_;
  const std::vector<StageLoss>* losses_ = nullptr;
  std::vector<Group> groups_;
  std::vector<Trained> trained_;
  bool cortex_teaches_itself_ = false, amygdala_teaches_itself_ = false;
  bool amygdala_is_trained_ = false;
};

}  // namespace limbic::training
