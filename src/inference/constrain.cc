#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/evidence.h"

namespace limbic::inference {

using brain::Categorical;
using brain::GaussianMixture;

namespace {

// A mixture of one dimension in float64, each component's noise in its scale alone.
struct Components {
  at::Tensor log_weight, mean, scale;  // [..., K]
};

Components components_of(const GaussianMixture& mixture) {
  const at::Tensor scale = brain::component_deviation(mixture);  // of one dimension, or it throws
  return {mixture.logits.to(at::kDouble).log_softmax(-1), mixture.mean.squeeze(-1).to(at::kDouble),
          scale};
}

GaussianMixture mixture_of(const Components& components, const GaussianMixture& like) {
  const auto type = like.mean.scalar_type();
  std::vector<int64_t> no_factors = components.mean.sizes().vec();
  no_factors.back() = 1;
  no_factors.push_back(0);
  return {components.log_weight.to(type),
          components.mean.unsqueeze(-1).to(type),
          components.scale.unsqueeze(-1).to(type),
          at::zeros(no_factors, like.mean.options()),
          like.low,
          like.high,
          like.transform};
}

// log of each mixture's share within [low, high], before it is cut.
at::Tensor log_share(const Components& components, double low, double high) {
  const at::Tensor of_each = brain::log_between((low - components.mean) / components.scale,
                                                (high - components.mean) / components.scale);
  return (components.log_weight + of_each).logsumexp(-1);
}

Constrained cut(const GaussianMixture& mixture, const Interval& interval,
                const Evidence& evidence) {
  const Components components = components_of(mixture);
  GaussianMixture inside = mixture_of(components, mixture);
  inside.low = std::max(mixture.low, mixture.transform(interval.low));
  inside.high = std::min(mixture.high, mixture.transform(interval.high));
  if (inside.low >= inside.high)
    throw input_error(quoted(evidence.text), " leaves nothing of what else is known");
  at::Tensor log_mass = log_share(components, inside.low, inside.high);
  if (mixture.is_cut()) log_mass = log_mass - log_share(components, mixture.low, mixture.high);
  return {inside, log_mass};
}

Constrained measure(const GaussianMixture& mixture, const Measured& measured) {
  const Components prior = components_of(mixture);
  const at::Tensor variance = prior.scale.square();
  const double noise = measured.spread * measured.spread;
  const at::Tensor total = variance + noise;
  const at::Tensor surprise = measured.mean - prior.mean;
  const at::Tensor log_density =
      -0.5 * (surprise.square() / total + (2 * std::numbers::pi * total).log());
  const Components posterior{prior.log_weight + log_density,
                             prior.mean + variance / total * surprise,
                             (variance * noise / total).sqrt()};
  // float32 has no room for their sum beside their differences
  Components normalised = posterior;
  normalised.log_weight = posterior.log_weight.log_softmax(-1);
  const GaussianMixture believed = mixture_of(normalised, mixture);
  if (!mixture.is_cut()) return {believed, posterior.log_weight.logsumexp(-1)};
  return {believed, log_share(posterior, mixture.low, mixture.high) -
                        log_share(prior, mixture.low, mixture.high)};
}

Constrained choose(const Categorical& categorical, const OneOf& one_of, const Evidence& evidence) {
  at::Tensor is_out = at::ones({categorical.logits.size(-1)}, at::kBool);
  for (const int64_t category : one_of.categories) is_out[category].fill_(false);
  const at::Tensor log_p = categorical.logits.to(at::kDouble)
                               .log_softmax(-1)
                               .masked_fill(is_out.to(categorical.logits.device()),
                                            -std::numeric_limits<double>::infinity());
  const at::Tensor log_mass = log_p.logsumexp(-1);
  if (log_mass.isinf().any().item<bool>())
    throw input_error(quoted(evidence.text), " leaves no category");
  return {Categorical{log_p.to(categorical.logits.scalar_type())}, log_mass};
}

}  // namespace

Constrained constrain(const brain::Distribution& distribution, const Evidence& evidence) {
  if (const auto* one_of = std::get_if<OneOf>(&evidence.known))
    return choose(std::get<Categorical>(distribution), *one_of, evidence);
  const auto& mixture = std::get<GaussianMixture>(distribution);
  if (const auto* measured = std::get_if<Measured>(&evidence.known))
    return measure(mixture, *measured);
  return cut(mixture, std::get<Interval>(evidence.known), evidence);
}

}  // namespace limbic::inference
