#pragma once

#include <ATen/core/Tensor.h>

#include <memory>
#include <optional>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/brain/cortex/question.h"
#include "limbic/brain/upload.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::losses {

/// How much each assessor may learn from a chunk.
/// Shapes  both [N] float32.
struct GateSums {
  at::Tensor gate_N;   // sum of gates
  at::Tensor count_N;  // number of gates above 0
};

/// What a loss decides on the host about a chunk, ahead of computing.
///
/// State   tensors are on the CPU until the step hands them to the device.
struct Lesson {
  std::vector<brain::Question> questions = {};
  std::vector<at::Tensor> tensors = {};
  std::optional<Stream> stream = {};  // of a loss that goes on deciding while it computes

  void hand_over(brain::Upload& upload);
};

/// From one chunk to a scalar to descend: a pure function. A chunk's loss is a mean over its rows;
/// the step averages chunks.
///
/// It has two halves, so that a device need not wait for the host: what is drawn (masks, orders)
/// and laid out is decided by `prepare`, the rest computes from tensors alone, and does the same
/// operations for any two lessons that hand over with one key.
///
/// Threads workers call it at once, each with a brain of its own.
class Loss {
 public:
  virtual ~Loss() = default;
  /// False if the loss never looks at the signals, which then may not have been computed.
  [[nodiscard]] virtual bool reads_signals() const { return true; }
  /// Of an episode's ticks, how many at its begin have signals that the loss teaches; it may read
  /// those of all.
  [[nodiscard]] virtual int64_t taught_ticks(int64_t num_ticks) const { return num_ticks; }
  /// `episodes`: on the CPU.
  [[nodiscard]] virtual Lesson prepare(const brain::Brain& /*brain*/,
                                       const worlds::Episodes& /*episodes*/,
                                       const Stream& /*stream*/) const {
    return {};
  }
  virtual at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                                const brain::Signals& signals, const Lesson& lesson) const = 0;
  /// Throws limbic::Error (input) if the loss teaches assessors that learn by a rule of their own,
  /// or if the brain lacks what it needs; called once, before training.
  void check(const brain::Brain& brain) const;
  /// True of each loss with a gradient for assessors: else its lesson is skipped in stages where
  /// another loss counts gates.
  [[nodiscard]] virtual bool teaches_assessors() const { return false; }
  /// Of a loss that teaches assessors: scales their learning rates, and leaves one untouched in a
  /// step that never opened its gate.
  [[nodiscard]] virtual GateSums gate_sums(const brain::Brain&, const worlds::Episodes&,
                                           const brain::Signals&, const Lesson&) const {
    return {};
  }

 private:
  /// Throws limbic::Error (input) if the brain lacks what this loss needs.
  virtual void check_needs(const brain::Brain& /*brain*/) const {}
};

using LossPointer = std::unique_ptr<Loss>;

}  // namespace limbic::losses
