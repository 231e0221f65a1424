#include "limbic/inference/joint.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace limbic::inference {

using worlds::Episodes;
using worlds::Roles;

namespace {

constexpr int64_t kMergedRows = 256;  // of several orders, if they are no more than so many
constexpr int64_t kRowsAtOnce = 4096;

}  // namespace

at::Tensor log_prob_of_rows(brain::Cortex& cortex, const Episodes& episodes, const Roles& roles,
                            const at::Tensor& rank_BTV) {
  const Roles hidden{roles.observed_BTV, worlds::hidden_cells(roles)};
  std::vector<at::Tensor> log_prob_B;
  for (int64_t begin = 0; begin < episodes.num_rows(); begin += kRowsAtOnce) {
    const int64_t end = std::min(begin + kRowsAtOnce, episodes.num_rows());
    const at::Tensor rank = rank_BTV.defined() ? rank_BTV.slice(0, begin, end) : rank_BTV;
    log_prob_B.push_back(cortex.log_prob(episodes.rows(begin, end), hidden.rows(begin, end), rank)
                             .sum(at::IntArrayRef({1, 2}), /*keepdim=*/false, at::kDouble)
                             .cpu());
  }
  return at::cat(log_prob_B);
}

at::Tensor log_prob_of_orders(brain::Cortex& cortex, const Episodes& episodes, const Roles& roles,
                              const std::vector<at::Tensor>& ranks) {
  const int64_t rows = episodes.num_rows();
  const auto num_orders = std::ssize(ranks);
  const int64_t most = std::max<int64_t>(kMergedRows / std::max<int64_t>(rows, 1), 1);
  std::vector<at::Tensor> log_prob;
  for (int64_t first = 0; first < num_orders; first += most) {
    const int64_t count = std::min(most, num_orders - first);
    if (count == 1) {
      log_prob.push_back(log_prob_of_rows(cortex, episodes, roles, ranks[first]).unsqueeze(0));
      continue;
    }
    const std::vector batch(ranks.begin() + first, ranks.begin() + first + count);
    log_prob.push_back(log_prob_of_rows(cortex, worlds::repeat_rows(episodes, count),
                                        worlds::repeat_rows(roles, count),
                                        at::stack(batch, 1).flatten(0, 1))
                           .view({rows, count})
                           .t());
  }
  return at::cat(log_prob);
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
  std::vector<at::Tensor> ranks;
  for (const at::Tensor& rank_TV : rank_TV_)
    ranks.push_back(rank_TV.expand_as(roles.asked_BTV).contiguous());
  return log_prob_of_orders(cortex_, episodes, roles, ranks).logsumexp(0) -
         std::log(static_cast<double>(ranks.size()));
}

}  // namespace limbic::inference
