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

Judgement Sweeps::judge(const Episodes& episodes) const {
  const at::Tensor log_p_B = joint_.log_prob(episodes, target_.roles);
  if (!target_.tilt) return {log_p_B};
  Judgement judged = target_.tilt(episodes);
  judged.log_weight_B = log_p_B + judged.log_weight_B;
  return judged;
}

// Which rows took their block: [B] bool.
at::Tensor Sweeps::sweep(const at::Tensor& free_BTV, Episodes& episodes, Judgement& judged,
                         const Stream& stream) {
  const at::Tensor block_BTV = random_block(free_BTV, block_, stream.child("block"));
  const at::Tensor others_BTV = target_.roles.asked_BTV.logical_or(target_.roles.observed_BTV)
                                    .logical_and(block_BTV.logical_not());
  const Roles roles{others_BTV, block_BTV};
  const at::Tensor rank_BTV = worlds::random_order(block_BTV, stream.child("order"));
  const Episodes fresh = cortex_.sample(episodes, roles, {1.0, rank_BTV}, stream.child("draw"));
  const Judgement fresh_judged = judge(fresh);
  const at::Tensor log_ratio_B = fresh_judged.log_weight_B - judged.log_weight_B +
                                 log_prob_of_rows(cortex_, episodes, roles, rank_BTV) -
                                 log_prob_of_rows(cortex_, fresh, roles, rank_BTV);
  const at::Tensor uniform_B =
      stream.child("accept").uniform({episodes.num_rows()}).to(at::kDouble);
  // NaN: both are ruled out, and where it is not known by how much, anything is as good.
  at::Tensor taken_B = uniform_B.log().lt(log_ratio_B.masked_fill(log_ratio_B.isnan(), 0.0));
  if (judged.violation_B.defined()) {
    const at::Tensor is_less_B = fresh_judged.violation_B.lt(judged.violation_B);
    taken_B = at::where(log_ratio_B.isnan(), is_less_B, taken_B);
    judged.violation_B = at::where(taken_B, fresh_judged.violation_B, judged.violation_B);
  }
  judged.log_weight_B = at::where(taken_B, fresh_judged.log_weight_B, judged.log_weight_B);
  worlds::take_rows(taken_B, fresh, episodes);
  return taken_B;
}

Moves Sweeps::run(Episodes& episodes, int64_t num_sweeps, const Stream& stream) {
  const at::Tensor free_BTV = worlds::hidden_cells({target_.fixed_BTV, target_.roles.asked_BTV});
  const at::Tensor moves_B = free_BTV.flatten(1).any(1);
  const auto num_moving = moves_B.sum().item<int64_t>();
  if (num_moving == 0) return {};
  Judgement judged = judge(episodes);
  Moves moves{.tried = num_moving * num_sweeps};
  for (int64_t s = 0; s < num_sweeps; ++s) {
    const at::Tensor taken_B = sweep(free_BTV, episodes, judged, stream.at(s));
    moves.taken += taken_B.logical_and(moves_B).sum().item<int64_t>();
  }
  return moves;
}

}  // namespace limbic::inference
