#include "limbic/brain/cortex/distribution.h"

#include <ATen/ATen.h>

#include <limits>
#include <numbers>

#include "limbic/worlds/standard_units.h"

namespace limbic::brain {
namespace {

constexpr double kTiny = 1e-300;  // a mass below which float64 soon has no numbers
constexpr double kHuge = 1e300;   // of which float64 still holds sums
constexpr double kVeryFar = 50;   // deviations; soon logs of masses are too coarse for their ratio

// In each component's own units, y [...] or one number: [..., K].
at::Tensor standardise(const GaussianMixture& mixture, const at::Tensor& y) {
  return (y.to(at::kDouble).unsqueeze(-1) - mixture.mean.squeeze(-1).to(at::kDouble)) /
         component_deviation(mixture);
}
at::Tensor standardise(const GaussianMixture& mixture, double y) {
  return (y - mixture.mean.squeeze(-1).to(at::kDouble)) / component_deviation(mixture);
}

// Phi(high) - Phi(low), low < high, by the tail in which both are small.
at::Tensor between(const at::Tensor& low, const at::Tensor& high) {
  const auto upper = low.gt(0);  // there the difference of lower tails would cancel
  return normal_cdf(at::where(upper, -low, high)) - normal_cdf(at::where(upper, -high, low));
}

// P(X <= x) of a cut mixture, y = f(x).
at::Tensor cdf_within(const GaussianMixture& mixture, const at::Tensor& y) {
  const auto low = standardise(mixture, mixture.low), high = standardise(mixture, mixture.high);
  const auto at_y = standardise(mixture, y.to(at::kDouble).clamp(mixture.low, mixture.high));
  const auto log_mass = [&](const at::Tensor& to) {
    return (mixture.logits + log_between(low, to)).logsumexp(-1);
  };
  return (log_mass(at_y) - log_mass(high)).clamp_max(0).exp();
}

// How far beyond a bound the mean of a Gaussian lies whose peak is z > kVeryFar before that bound
// and `width` more before the other, in its own units. There it falls all but exponentially, at a
// rate by which the mean is 1 / z - 2 / z^3 + ... where there is no other bound.
at::Tensor mean_beyond(const at::Tensor& z, const at::Tensor& width) {
  constexpr double kAll = 9;  // of it lies within
  const at::Tensor rate = z + 2 / z;
  const at::Tensor within = width.clamp_max(kAll);
  return 1 / rate - within / (rate * within).expm1();
}

// Of each component where next to nothing of it lies within the bounds: [..., K].
at::Tensor component_mean_far_out(const GaussianMixture& mixture) {
  const auto low = standardise(mixture, mixture.low), high = standardise(mixture, mixture.high);
  const auto log_mass = log_between(low, high);
  const auto hazard = [&](const at::Tensor& z) {
    return (-0.5 * z.square() - 0.5 * std::log(2 * std::numbers::pi) - log_mass).exp();
  };
  const auto z = hazard(low) - hazard(high);
  const auto deviation = component_deviation(mixture);
  const auto width = (mixture.high - mixture.low) / deviation;
  const auto above_low = mixture.low + deviation * mean_beyond(low.clamp_min(kVeryFar), width);
  const auto below_high =
      mixture.high - deviation * mean_beyond((-high).clamp_min(kVeryFar), width);
  const auto nearby = mixture.mean.squeeze(-1) + deviation * z;
  return at::where(low.gt(kVeryFar), above_low, at::where(high.lt(-kVeryFar), below_high, nearby))
      .clamp(mixture.low, mixture.high);
}

// E exp(sign y) of each mixture, components at most kHuge: [...].
at::Tensor mean_of_exp(const GaussianMixture& mixture, double sign) {
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble);
  const auto mean = mixture.mean.squeeze(-1).to(at::kDouble);
  const auto of_each = (sign * mean + 0.5 * component_deviation(mixture).square()).exp();
  return (weight * of_each.clamp_max(kHuge)).sum(-1);
}

// E x by quantiles of each component.
at::Tensor mean_by_quantiles(const GaussianMixture& mixture) {
  constexpr int64_t kQuantiles = 256;
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble);
  const auto mean = mixture.mean.squeeze(-1).to(at::kDouble);
  const auto z = at::special_ndtri((at::arange(kQuantiles, mean.options()) + 0.5) / kQuantiles);
  const auto y = mean.unsqueeze(-1) + component_deviation(mixture).unsqueeze(-1) * z;
  return (weight * worlds::restored(mixture.transform, y).mean(-1)).sum(-1);
}

// E x, where y = f(x) is a mixture: exp y, or (exp y - exp -y) / 2 in units of asinh.
at::Tensor mean_in_closed_form(const GaussianMixture& mixture) {
  const auto mean = mean_of_exp(mixture, 1);
  if (mixture.transform.kind == worlds::TransformKind::kLog) return mean;
  return 0.5 * (mean - mean_of_exp(mixture, -1)) * mixture.transform.unit +
         mixture.transform.offset;
}

// E x, where y = f(x) is a mixture; like x itself no further out than float32 reaches.
at::Tensor mean_of_restored(const GaussianMixture& mixture) {
  constexpr double kMost = std::numeric_limits<float>::max();
  const auto mean = mixture.transform.kind == worlds::TransformKind::kQuantile
                        ? mean_by_quantiles(mixture)
                        : mean_in_closed_form(mixture);
  return mean.clamp(-kMost, kMost).to(mixture.mean.scalar_type()).unsqueeze(-1);
}

}  // namespace

at::Tensor draw_category(const at::Tensor& scores, double temperature, const Stream& stream) {
  if (temperature == 0) return scores.argmax(-1);
  const auto uniform = stream.uniform(scores.sizes(), scores.device()).clamp_min_(1e-12);
  return (scores / temperature - uniform.log().neg().log()).argmax(-1);  // Gumbel maximum
}

at::Tensor mean(const Distribution& distribution) {
  if (const auto* categorical = std::get_if<Categorical>(&distribution))
    return categorical->logits.softmax(-1);
  const auto& mixture = std::get<GaussianMixture>(distribution);
  if (!mixture.transform.is_none()) return mean_of_restored(mixture);
  const auto weight = mixture.logits.softmax(-1);
  if (!mixture.is_cut()) return (weight.unsqueeze(-1) * mixture.mean).sum(-2);
  const auto mass = component_mass(mixture);
  const auto density = [&](double bound) {
    return (-0.5 * standardise(mixture, bound).square()).exp() / std::sqrt(2 * std::numbers::pi);
  };
  const auto inside = mixture.mean.squeeze(-1).to(at::kDouble) * mass +
                      component_deviation(mixture) * (density(mixture.low) - density(mixture.high));
  const auto total = (weight * mass).sum(-1);
  const auto share = (mixture.logits + log_component_mass(mixture)).softmax(-1);
  return at::where(total.lt(kTiny), (share * component_mean_far_out(mixture)).sum(-1),
                   (weight * inside).sum(-1) / total.clamp_min(kTiny))
      .clamp(mixture.low, mixture.high)
      .to(mixture.mean.scalar_type())
      .unsqueeze(-1);
}

at::Tensor normal_cdf(const at::Tensor& z) { return 0.5 * at::erfc(-z * std::sqrt(0.5)); }

at::Tensor component_deviation(const GaussianMixture& mixture) {
  TORCH_CHECK(mixture.mean.size(-1) == 1, "this needs a mixture of one dimension, got ",
              mixture.mean.size(-1));
  const auto own = mixture.scale.squeeze(-1).to(at::kDouble);
  if (mixture.factor.size(-1) == 0) return own;
  return (own.square() + mixture.factor.to(at::kDouble).square().sum(-1)).sqrt();
}

at::Tensor log_between(const at::Tensor& low, const at::Tensor& high) {
  const auto upper = low.gt(0);
  const auto less = at::special_log_ndtr(at::where(upper, -high, low));
  const auto more = at::special_log_ndtr(at::where(upper, -low, high));
  return more + at::log1p(-(less - more).exp());
}

at::Tensor component_mass(const GaussianMixture& mixture) {
  return between(standardise(mixture, mixture.low), standardise(mixture, mixture.high));
}

at::Tensor log_component_mass(const GaussianMixture& mixture) {
  const auto low = standardise(mixture, mixture.low), high = standardise(mixture, mixture.high);
  const auto mass = between(low, high);
  return at::where(mass.lt(kTiny), log_between(low, high), mass.clamp_min(kTiny).log());
}

at::Tensor cdf(const GaussianMixture& mixture, const at::Tensor& x) {
  const auto y = worlds::transformed(mixture.transform, x);
  if (mixture.is_cut()) return cdf_within(mixture, y);
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble);
  return (weight * normal_cdf(standardise(mixture, y))).sum(-1);
}

}  // namespace limbic::brain
