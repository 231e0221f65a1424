#include "limbic/losses/any_subset.h"

#include <ATen/ATen.h>

#include "limbic/worlds/mask_lot.h"

namespace limbic::losses {

AnySubset::AnySubset(const AnySubsetConfig& config, const worlds::Schema& schema)
    : config_(config),
      masks_(config.masks, schema),
      orders_(config.orders, schema),
      weight_V_(cell_weights(schema, config.per_dimension)) {}

Lesson AnySubset::prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                          const Stream& stream) const {
  auto drawn = masks_.draw(episodes, stream.child("mask"));
  if (config_.never > 0) {
    const auto allowed_B = worlds::mask_lots(drawn.observed_BTV).ge(config_.never);
    drawn.asked_BTV = drawn.asked_BTV.logical_and(allowed_B.view({-1, 1, 1}));
    drawn.observed_BTV = drawn.observed_BTV.logical_and(allowed_B.view({-1, 1, 1}));
  }
  const bool joint = stream.child("joint").uniform(0) < config_.joint;
  at::Tensor rank_BTV;
  if (joint) rank_BTV = orders_.draw(drawn.asked_BTV, stream.child("order"));
  auto count_BTV = drawn.asked_BTV.to(at::kFloat);
  worlds::Roles roles = drawn;
  if (config_.echo > 0) {
    roles.asked_BTV = drawn.asked_BTV.logical_or(drawn.observed_BTV);
    count_BTV = count_BTV + config_.echo * drawn.observed_BTV.to(at::kFloat);
  }
  const auto weight_BTV = count_BTV * weight_V_ / count_BTV.sum().clamp_min(1e-6);
  return {{brain.cortex().ask(roles, rank_BTV)}, {weight_BTV}};
}

at::Tensor AnySubset::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                                 const brain::Signals&, const Lesson& lesson) const {
  const auto log_prob_BTV = brain.cortex().log_prob(episodes, lesson.questions.front());
  return -(log_prob_BTV * lesson.tensors.front()).sum();
}

}  // namespace limbic::losses
