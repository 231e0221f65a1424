#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::inference {

/// What a cortex says of how likely whole assignments are.
///
/// Shapes  all [B] float64 on the CPU.
/// Units   nats; disagreement: nats a dimension.
struct Score {
  at::Tensor log_prob_B;  // log of the mean over orders of p(asked | observed)
  at::Tensor
      disagreement_B;       // deviation of log p over orders, over the number of hidden dimensions
  at::Tensor dimensions_B;  // hidden asked numbers: 1 of a scalar or category, d of a vector
};

/// log p(asked | observed) averaged over random orders: a mixture of orders is itself a normalised
/// density, and an exact model's orders agree.
///
/// Cost    one pass a given order.
/// Source  Uria et al. 2014 (ensembles of orderings), arXiv:1310.1757.
Score score(brain::Cortex& cortex, const worlds::Schema& schema, const worlds::Episodes& episodes,
            const worlds::Roles& roles, int64_t orders, const Stream& stream);

}  // namespace limbic::inference
