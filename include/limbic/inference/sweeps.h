#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "limbic/inference/joint.h"
#include "limbic/inference/sampler.h"

namespace limbic::inference {

/// What sweeps keep and what they aim at.
struct SweepTarget {
  worlds::Roles roles;   // the target is p(asked | observed) exp(tilt)
  at::Tensor fixed_BTV;  // cells that are never drawn again, the observed ones among them
  Tilt tilt = {};
};

/// Blocks of rows that have a cell to draw, and those of them that were taken.
struct Moves {
  int64_t taken = 0, tried = 0;

  Moves& operator+=(const Moves& other) {
    taken += other.taken;
    tried += other.tried;
    return *this;
  }
  [[nodiscard]] double share() const {
    return static_cast<double>(taken) / static_cast<double>(tried);
  }
};

/// Metropolis-Hastings over blocks of cells, each drawn again by the cortex given all others. Where
/// the tilt rules out both and says by how much, the less violated one stays.
///
/// State   the stationary distribution is the target: block and order of a proposal do not depend
///         on the values, and its density is that of the same order both ways.
/// Departs where bounds leave less than 1e-4 of a mixture, log p counts that much
///         (mixture_kernels.h).
class Sweeps {
 public:
  Sweeps(brain::Cortex& cortex, const Joint& joint, SweepTarget target, double block);

  /// Moves each row of `episodes` on, on its own.
  Moves run(worlds::Episodes& episodes, int64_t num_sweeps, const Stream& stream);

 private:
  // With the log of the target for its weight.
  Judgement judge(const worlds::Episodes& episodes) const;
  // Draws a block of the cells that are free, of each row.
  at::Tensor sweep(const at::Tensor& free_BTV, worlds::Episodes& episodes, Judgement& judged,
                   const Stream& stream);

  brain::Cortex& cortex_;
  const Joint& joint_;
  SweepTarget target_;
  double block_;
};

}  // namespace limbic::inference
