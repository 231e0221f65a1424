#include "limbic/losses/distil.h"

#include <ATen/ATen.h>

#include "limbic/inference/sampler.h"

namespace limbic::losses {

Distil::Distil(const DistilConfig& config, const worlds::Schema& schema)
    : config_(config),
      schema_(schema),
      masks_(config.masks, schema),
      weight_V_(cell_weights(schema, config.per_dimension)) {}

at::Tensor Distil::operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                              const brain::Signals&, const Stream& stream) const {
  const auto drawn = masks_.draw(episodes, stream.child("mask"));
  const worlds::Roles roles = worlds::repeat_rows(drawn, config_.samples);
  worlds::Episodes taught;
  {
    const at::NoGradGuard no_grad;
    const inference::Request request{worlds::repeat_rows(episodes, config_.samples), roles};
    taught =
        inference::sample(brain.cortex(), schema_, request, config_.dials, stream.child("samples"))
            .episodes;
  }
  const auto count_BTV = roles.asked_BTV.to(at::kFloat);
  const auto weight_BTV = count_BTV * weight_V_ / count_BTV.sum().clamp_min(1);
  const auto log_prob_BTV = brain.cortex().log_prob(taught, roles, {});
  return -(log_prob_BTV * weight_BTV.to(log_prob_BTV.device())).sum();
}

}  // namespace limbic::losses
