#include "limbic/inference/joint.h"

#include <ATen/ATen.h>

#include <cmath>

namespace limbic::inference {

using worlds::Episodes;
using worlds::Roles;

at::Tensor log_prob_of_rows(brain::Cortex& cortex, const Episodes& episodes, const Roles& roles,
                            const at::Tensor& rank_BTV) {
  return cortex.log_prob(episodes, {roles.observed_BTV, worlds::hidden_cells(roles)}, rank_BTV)
      .sum(at::IntArrayRef({1, 2}), /*keepdim=*/false, at::kDouble)
      .cpu();
}

Joint::Joint(brain::Cortex& cortex, const worlds::Schema& schema, int64_t orders,
             const Stream& stream)
    : cortex_(cortex) {
  TORCH_CHECK(orders >= 1, "log p is averaged over at least one order, got ", orders);
  for (int64_t m = 0; m < orders; ++m) {
    rank_TV_.push_back(stream.at(m)
                           .permutation(schema.num_ticks() * schema.num_cells())
                           .view({schema.num_ticks(), schema.num_cells()}));
  }
}

at::Tensor Joint::log_prob(const Episodes& episodes, const Roles& roles) const {
  std::vector<at::Tensor> of_order;
  for (const at::Tensor& rank_TV : rank_TV_) {
    const at::Tensor rank_BTV = rank_TV.expand_as(roles.asked_BTV).contiguous();
    of_order.push_back(log_prob_of_rows(cortex_, episodes, roles, rank_BTV));
  }
  return at::stack(of_order).logsumexp(0) - std::log(static_cast<double>(rank_TV_.size()));
}

}  // namespace limbic::inference
