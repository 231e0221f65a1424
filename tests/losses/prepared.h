#pragma once

#include "limbic/losses/loss.h"

namespace limbic::losses {

/// Both halves of a loss, one after the other.
inline at::Tensor prepared(const Loss& loss, brain::Brain& brain, const worlds::Episodes& episodes,
                           const brain::Signals& signals, const Stream& stream) {
  return loss(brain, episodes, signals, loss.prepare(brain, episodes, stream));
}

}  // namespace limbic::losses
