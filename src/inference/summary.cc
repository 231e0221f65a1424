#include "limbic/inference/summary.h"

#include <ATen/ATen.h>

#include <cmath>

#include "limbic/worlds/standard_units.h"

namespace limbic::inference {

using brain::GaussianMixture;

namespace {

constexpr double kFar = 9;  // deviations of a component

at::Tensor component_mean(const GaussianMixture& mixture) {
  return mixture.mean.squeeze(-1).to(at::kDouble);  // [..., K]
}

// By the midpoints of each component around its mode, from which they are reckoned: far beyond a
// bound they are nearer to that than the last digit of their distance from the mean.
at::Tensor deviation_of(const GaussianMixture& mixture) {
  constexpr int64_t kPoints = 1024;
  const at::Tensor mean = component_mean(mixture).unsqueeze(-1);
  const at::Tensor deviation = brain::component_deviation(mixture).unsqueeze(-1);
  const at::Tensor low = (mixture.low - mean) / deviation, high = (mixture.high - mean) / deviation;
  const at::Tensor likeliest = at::zeros_like(low).clamp(low, high);
  const at::Tensor reach = (kFar * kFar / 2 / likeliest.abs()).clamp_max(kFar);
  const at::Tensor from = at::maximum(low - likeliest, -reach);
  const at::Tensor width = at::minimum(high - likeliest, reach) - from;
  const at::Tensor d = from + width * (at::arange(kPoints, mean.options()) + 0.5) / kPoints;
  const at::Tensor mode = mean + deviation * likeliest;
  const at::Tensor x = worlds::restored(mixture.transform, mode + deviation * d);
  const at::Tensor log_share =
      mixture.logits.to(at::kDouble).unsqueeze(-1) + width.log() - 0.5 * likeliest.square();
  const at::Tensor weight = (log_share - log_share.amax({-2, -1}, true)).exp() *
                            (-likeliest * d - 0.5 * d.square()).exp();
  const auto expected = [&](const at::Tensor& of_x) {
    return (weight * of_x).sum({-2, -1}, /*keepdim=*/true) / weight.sum({-2, -1}, true);
  };
  const at::Tensor deviation_of_x = expected((x - expected(x)).square()).sqrt();
  return deviation_of_x.squeeze(-1).squeeze(-1);
}

// By halving the interval in which it lies, in units of f(x); shares 0 and 1 have the bounds.
at::Tensor quantile_of(const GaussianMixture& mixture, double share) {
  constexpr int kHalvings = 60;
  GaussianMixture plain = mixture;
  plain.transform = {};
  const at::Tensor mean = component_mean(mixture);
  const at::Tensor reach = kFar * brain::component_deviation(mixture);
  const at::Tensor least = (mean - reach).amin(-1), most = (mean + reach).amax(-1);
  if (share == 0) return worlds::restored(mixture.transform, at::full_like(least, mixture.low));
  if (share == 1) return worlds::restored(mixture.transform, at::full_like(most, mixture.high));
  // A component that lies beyond the only bound falls from there, and faster than by its deviation.
  at::Tensor low = std::isinf(mixture.low) ? at::minimum(least, mixture.high - reach.amax(-1))
                                           : at::full_like(least, mixture.low);
  at::Tensor high = std::isinf(mixture.high) ? at::maximum(most, mixture.low + reach.amax(-1))
                                             : at::full_like(most, mixture.high);
  for (int i = 0; i < kHalvings; ++i) {
    const at::Tensor middle = (low + high) / 2;
    const at::Tensor is_below = brain::cdf(plain, middle).lt(share);
    low = at::where(is_below, middle, low);
    high = at::where(is_below, high, middle);
  }
  return worlds::restored(mixture.transform, (low + high) / 2);
}

at::Tensor each(const std::vector<double>& shares, auto&& quantile) {
  std::vector<at::Tensor> found;
  for (const double share : shares) found.push_back(quantile(share).cpu());
  return found.empty() ? at::Tensor() : at::stack(found, -1);
}

}  // namespace

Summary summary_of(const GaussianMixture& mixture, const std::vector<double>& quantiles) {
  return {brain::mean(mixture).squeeze(-1).to(at::kCPU, at::kDouble), deviation_of(mixture).cpu(),
          each(quantiles, [&](double share) { return quantile_of(mixture, share); })};
}

Summary summary_of(const at::Tensor& samples, const std::vector<double>& quantiles) {
  const at::Tensor values = samples.to(at::kDouble);
  return {values.mean(0).cpu(), values.std(0, /*unbiased=*/false).cpu(),
          each(quantiles, [&](double share) { return at::quantile(values, share, 0); })};
}

}  // namespace limbic::inference
