#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// A module that learns by a rule of its own instead of by gradient. Its state is kept in buffers,
/// which the circuit saves.
///
/// Threads `observe` is pure and called by workers; `learn` once a step, with every chunk's
///         statistics in chunk order, and not at all while its circuit is frozen.
class OwnRule {
 public:
  using Statistics = std::vector<at::Tensor>;

  virtual ~OwnRule() = default;
  [[nodiscard]] virtual Statistics observe(const worlds::Episodes& episodes) const = 0;
  virtual void learn(const std::vector<Statistics>& chunks) = 0;
};

}  // namespace limbic::brain
