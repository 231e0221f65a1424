#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/signals.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// A module that learns by a rule of its own instead of by gradient. Its state is kept in buffers,
/// which the circuit saves.
///
/// State   of one learner, or of several that know nothing of each other (the subjects of an
///         experiment): row r of all that a divided module is given belongs to subject r mod
///         subjects.
/// Threads `observe` is pure and called by workers; `learn` once a step, with every chunk's
///         statistics in chunk order, and not at all while its circuit is frozen.
class OwnRule {
 public:
  using Statistics = std::vector<at::Tensor>;

  virtual ~OwnRule() = default;
  /// True if it learns from more than the episodes.
  [[nodiscard]] virtual bool reads_signals() const { return false; }
  /// What a chunk has to teach.
  [[nodiscard]] virtual Statistics observe(const worlds::Episodes& episodes,
                                           const Signals& signals) const = 0;
  virtual void learn(const std::vector<Statistics>& chunks) = 0;

  /// Becomes one newborn learner for each stream, which names all that is random in it.
  virtual void divide(const std::vector<Stream>& subjects) = 0;
};

}  // namespace limbic::brain
