#include "limbic/inference/sweeps.h"

#include <ATen/ATen.h>

#include <utility>

#include "limbic/worlds/selection.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Roles;

namespace {

// A random share of the free cells of each row, one at least.
at::Tensor random_block(const at::Tensor& free_BTV, double share, const Stream& stream) {
  const at::Tensor count_B11 = free_BTV.sum({1, 2}, /*keepdim=*/true).to(at::kDouble);
  const at::Tensor size_B11 = (count_B11 * share).round().clamp_min(1);
  return free_BTV.logical_and(worlds::random_order(free_BTV, stream).lt(size_B11));
}

}  // namespace

Sweeps::Sweeps(brain::Cortex& cortex, const Joint& joint, SweepTarget target, double block)
    : cortex_(cortex), joint_(joint), target_(std::move(target)), block_(block) {}

at::Tensor Sweeps::log_target(const Episodes& episodes) const {
  const at::Tensor log_p_B = joint_.log_prob(episodes, target_.roles);
  return target_.tilt ? log_p_B + target_.tilt(episodes).log_weight_B : log_p_B;
}

// Which rows took their block: [B] bool.
at::Tensor Sweeps::sweep(Episodes& episodes, at::Tensor& log_target_B, const Stream& stream) {
  const at::Tensor free_BTV = worlds::hidden_cells({target_.fixed_BTV, target_.roles.asked_BTV});
  const at::Tensor block_BTV = random_block(free_BTV, block_, stream.child("block"));
  const at::Tensor others_BTV = target_.roles.asked_BTV.logical_or(target_.roles.observed_BTV)
                                    .logical_and(block_BTV.logical_not());
  const Roles roles{others_BTV, block_BTV};
  const at::Tensor rank_BTV = worlds::random_order(block_BTV, stream.child("order"));
  const Episodes fresh = cortex_.sample(episodes, roles, {1.0, rank_BTV}, stream.child("draw"));
  const at::Tensor fresh_target_B = log_target(fresh);
  const at::Tensor log_ratio_B = fresh_target_B - log_target_B +
                                 log_prob_of_rows(cortex_, episodes, roles, rank_BTV) -
                                 log_prob_of_rows(cortex_, fresh, roles, rank_BTV);
  const at::Tensor uniform_B =
      stream.child("accept").uniform({episodes.num_rows()}).to(at::kDouble);
  // NaN: both are out of the question, and anything is as good.
  const at::Tensor taken_B = uniform_B.log().lt(log_ratio_B.masked_fill(log_ratio_B.isnan(), 0.0));
  worlds::take_rows(taken_B, fresh, episodes);
  log_target_B = at::where(taken_B, fresh_target_B, log_target_B);
  return taken_B;
}

double Sweeps::run(Episodes& episodes, int64_t num_sweeps, const Stream& stream) {
  at::Tensor log_target_B = log_target(episodes);
  at::Tensor num_taken = at::zeros({}, at::kDouble);
  for (int64_t s = 0; s < num_sweeps; ++s)
    num_taken += sweep(episodes, log_target_B, stream.at(s)).to(at::kDouble).mean();
  return num_taken.item<double>() / static_cast<double>(num_sweeps);
}

}  // namespace limbic::inference
