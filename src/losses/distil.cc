#include "limbic/losses/distil.h"

#include <ATen/ATen.h>

#include "limbic/inference/sampler.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::losses {
namespace {

constexpr double kFar = 30;  // deviations

// Rows whose asked cells hold numbers of this world: a chain of draws can run away, once in some
// ten thousand, and such a row would cost more than all others, or be nan. [B] bool, where the
// values are.
at::Tensor stays_within(const worlds::Episodes& episodes, const at::Tensor& asked_BTV,
                        const worlds::Schema& schema) {
  at::Tensor within_B =
      at::ones({episodes.num_rows()}, episodes.value.front().options().dtype(at::kBool));
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& variable = schema[i];
    if (variable.kind == worlds::Kind::kCategory) continue;
    const auto asked_Btc1 = worlds::own_cells(asked_BTV, schema, i).unsqueeze(3);
    const auto x_Btcd =
        episodes.value[i].reshape({-1, variable.num_ticks, variable.num_cells, variable.size});
    const auto near_Btcd = worlds::standard_units(variable, x_Btcd).abs().le(kFar);
    within_B =
        within_B.logical_and(near_Btcd.logical_or(asked_Btc1.logical_not()).flatten(1).all(1));
  }
  return within_B;
}

}  // namespace

Distil::Distil(const DistilConfig& config, const worlds::Schema& schema)
    : config_(config),
      schema_(schema),
      masks_(config.masks, schema),
      weight_V_(cell_weights(schema, config.per_dimension)) {}

Lesson Distil::prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                       const Stream& stream) const {
  const auto drawn = masks_.draw(episodes, stream.child("mask"));
  const worlds::Roles roles = worlds::repeat_rows(drawn, config_.samples);
  const auto count_BTV = roles.asked_BTV.to(at::kFloat);
  const auto weight_BTV = count_BTV * weight_V_ / count_BTV.sum().clamp_min(1);
  return {{brain.cortex().ask(roles, {})}, {weight_BTV}, stream};
}

at::Tensor Distil::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                              const brain::Signals&, const Lesson& lesson) const {
  const brain::Question& question = lesson.questions.front();
  const at::Tensor& weight_BTV = lesson.tensors.front();  // above 0 where a cell is asked about
  worlds::Episodes taught = worlds::repeat_rows(episodes, config_.samples);
  at::Tensor usable_B;
  {
    const at::NoGradGuard no_grad;
    const worlds::Episodes samples =
        inference::sample(brain.cortex(), schema_, {taught, question.roles}, config_.dials,
                          lesson.stream->child("samples"))
            .episodes;
    usable_B = stays_within(samples, weight_BTV.gt(0), schema_);
    worlds::take_rows(usable_B, samples, taught);
  }
  const auto log_prob_BTV = brain.cortex().log_prob(taught, question);
  const auto nats_B = -(log_prob_BTV * weight_BTV).sum({1, 2});
  return (nats_B * usable_B).sum();
}

}  // namespace limbic::losses
