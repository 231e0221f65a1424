#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::inference {

/// log p of each row in one order (of the hidden cells; an undefined one: of one hidden cell a
/// row): [B] float64 on the CPU.
at::Tensor log_prob_of_rows(brain::Cortex& cortex, const worlds::Episodes& episodes,
                            const worlds::Roles& roles, const at::Tensor& rank_BTV);

/// The same in each of M orders: [M, B]. Where rows are few, several orders make one batch.
at::Tensor log_prob_of_orders(brain::Cortex& cortex, const worlds::Episodes& episodes,
                              const worlds::Roles& roles, const std::vector<at::Tensor>& ranks);

/// One density for all rows: the mean of the joints of M random orders, drawn once.
///
///   p(asked | observed) = 1/M sum_m prod_i p(cell_i | observed, cells before i in order m)
///
/// Source  Uria et al. 2014, arXiv:1310.1757.
class Joint {
 public:
  Joint(brain::Cortex& cortex, const worlds::Schema& schema, int64_t orders, const Stream& stream);

  /// [B] float64 on the CPU, nats of raw units.
  [[nodiscard]] at::Tensor log_prob(const worlds::Episodes& episodes,
                                    const worlds::Roles& roles) const;

 private:
  brain::Cortex& cortex_;
  std::vector<at::Tensor> rank_TV_;  // M
};

}  // namespace limbic::inference
