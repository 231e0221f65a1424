#include "limbic/brain/cortex/distribution.h"

#include <ATen/ATen.h>

#include <numbers>

#include "limbic/worlds/standard_units.h"

namespace limbic::brain {
namespace {

constexpr double kTiny = 1e-300;

at::Tensor standardise(const GaussianMixture& mixture, const at::Tensor& y) {
  return (y.to(at::kDouble).unsqueeze(-1) - mixture.mean.squeeze(-1).to(at::kDouble)) /
         component_deviation(mixture);
}

// How much of each component lies below y, before it is cut: [..., K], for y [...].
at::Tensor component_cdf(const GaussianMixture& mixture, const at::Tensor& y) {
  return normal_cdf(standardise(mixture, y));
}

// E exp(sign y) of each mixture, cut where it is: [...]. What exp weighs is the same Gaussian,
// moved by its variance.
at::Tensor mean_of_exp(const GaussianMixture& mixture, double sign) {
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble);
  const auto deviation = component_deviation(mixture);
  const auto mean = mixture.mean.squeeze(-1).to(at::kDouble);
  GaussianMixture moved = mixture;
  moved.mean = (mean + sign * deviation.square()).unsqueeze(-1);
  const auto of_each = (sign * mean + 0.5 * deviation.square()).exp();
  return (weight * of_each * component_mass(moved)).sum(-1) /
         (weight * component_mass(mixture)).sum(-1).clamp_min(kTiny);
}

// E x by quantiles of each component, where it is cut.
at::Tensor mean_by_quantiles(const GaussianMixture& mixture) {
  constexpr int64_t kQuantiles = 256;
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble) * component_mass(mixture);
  const auto mean = mixture.mean.squeeze(-1).to(at::kDouble);
  const auto below = [&](double bound) {
    return component_cdf(mixture, at::full({}, bound, mean.options()));
  };
  const auto u = (at::arange(kQuantiles, mean.options()) + 0.5) / kQuantiles;
  const auto low = below(mixture.low).unsqueeze(-1), high = below(mixture.high).unsqueeze(-1);
  const auto z = at::special_ndtri((low + (high - low) * u).clamp(1e-15, 1 - 1e-15));
  const auto y = mean.unsqueeze(-1) + component_deviation(mixture).unsqueeze(-1) * z;
  const auto of_each = worlds::restored(mixture.transform, y).mean(-1);
  return (weight * of_each).sum(-1) / weight.sum(-1).clamp_min(kTiny);
}

// E x, where y = f(x) is a mixture: exp y, or (exp y - exp -y) / 2 in units of asinh.
at::Tensor mean_of_restored(const GaussianMixture& mixture) {
  if (mixture.transform.kind == worlds::TransformKind::kQuantile)
    return mean_by_quantiles(mixture).to(mixture.mean.scalar_type()).unsqueeze(-1);
  auto mean = mean_of_exp(mixture, 1);
  if (mixture.transform.kind == worlds::TransformKind::kAsinh) {
    mean =
        0.5 * (mean - mean_of_exp(mixture, -1)) * mixture.transform.unit + mixture.transform.offset;
  }
  return mean.to(mixture.mean.scalar_type()).unsqueeze(-1);
}

}  // namespace

at::Tensor mean(const Distribution& distribution) {
  if (const auto* categorical = std::get_if<Categorical>(&distribution))
    return categorical->logits.softmax(-1);
  const auto& mixture = std::get<GaussianMixture>(distribution);
  if (!mixture.transform.is_none()) return mean_of_restored(mixture);
  const auto weight = mixture.logits.softmax(-1);
  if (!mixture.is_cut()) return (weight.unsqueeze(-1) * mixture.mean).sum(-2);
  const auto mass = component_mass(mixture);
  const auto density = [&](double bound) {
    const auto z = standardise(mixture, at::scalar_tensor(bound, at::kDouble));
    return (-0.5 * z.square()).exp() / std::sqrt(2 * std::numbers::pi);
  };
  const auto inside = mixture.mean.squeeze(-1).to(at::kDouble) * mass +
                      component_deviation(mixture) * (density(mixture.low) - density(mixture.high));
  const auto total = (weight * mass).sum(-1).clamp_min(kTiny);
  return ((weight * inside).sum(-1) / total)
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

at::Tensor component_mass(const GaussianMixture& mixture) {
  const auto at = [&](double bound) {
    return standardise(mixture, at::scalar_tensor(bound, at::kDouble));
  };
  const auto low = at(mixture.low), high = at(mixture.high);
  const auto upper = low.gt(0);  // there the difference of lower tails would cancel
  return normal_cdf(at::where(upper, -low, high)) - normal_cdf(at::where(upper, -high, low));
}

at::Tensor cdf(const GaussianMixture& mixture, const at::Tensor& x) {
  const auto weight = mixture.logits.softmax(-1).to(at::kDouble);
  const auto y = worlds::transformed(mixture.transform, x);
  const auto below = (weight * component_cdf(mixture, y)).sum(-1);
  if (!mixture.is_cut()) return below;
  const auto cut =
      (weight * component_cdf(mixture, at::scalar_tensor(mixture.low, at::kDouble))).sum(-1);
  const auto total = (weight * component_mass(mixture)).sum(-1).clamp_min(kTiny);
  return ((below - cut) / total).clamp(0.0, 1.0);
}

}  // namespace limbic::brain
