#include "limbic/losses/functions.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numbers>
#include <string_view>

namespace limbic::losses {
namespace {

constexpr double kLeastVariance = 1e-6;
constexpr double kLeastSquaredNorm = 1e-12;
constexpr double kHidden = -1e5;  // a score that softmax turns into 0 and that 0 times leaves 0

void check_alike(std::string_view a_name, const at::Tensor& a, std::string_view b_name,
                 const at::Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), a_name, " and ", b_name, " must have one shape, got ",
              a.sizes(), " and ", b.sizes());
}

at::Tensor unit_rows(const at::Tensor& x) {
  return x * (x.square().sum(-1, /*keepdim=*/true) + kLeastSquaredNorm).rsqrt();
}

at::Tensor floored(const at::Tensor& variance) { return variance.clamp_min(kLeastVariance); }

}  // namespace

at::Tensor weighted_mean(const at::Tensor& element, const at::Tensor& weight) {
  if (!weight.defined()) return element.sum() / std::max<int64_t>(element.numel(), 1);
  TORCH_CHECK(weight.sizes() == element.sizes(), "weight must be ", element.sizes(), ", got ",
              weight.sizes());
  const at::Tensor total = weight.sum();
  return (element * weight).sum() / at::where(total > 0, total, 1);
}

at::Tensor mse(const at::Tensor& prediction, const at::Tensor& target, const at::Tensor& weight) {
  check_alike("prediction", prediction, "target", target);
  return weighted_mean((prediction - target).square(), weight);
}

at::Tensor huber(const at::Tensor& prediction, const at::Tensor& target, double delta,
                 const at::Tensor& weight) {
  check_alike("prediction", prediction, "target", target);
  return weighted_mean(at::huber_loss(prediction, target, at::Reduction::None, delta), weight);
}

at::Tensor bce(const at::Tensor& logit, const at::Tensor& target, const at::Tensor& weight) {
  check_alike("logit", logit, "target", target);
  return weighted_mean(
      at::binary_cross_entropy_with_logits(logit, target, {}, {}, at::Reduction::None), weight);
}

at::Tensor cross_entropy(const at::Tensor& logits, const at::Tensor& index,
                         const at::Tensor& weight) {
  TORCH_CHECK(logits.dim() >= 1 && logits.sizes().slice(0, logits.dim() - 1) == index.sizes(),
              "logits must be ", index.sizes(), " and one dimension of classes, got ",
              logits.sizes());
  const at::Tensor log_p = logits.log_softmax(-1).gather(-1, index.unsqueeze(-1)).squeeze(-1);
  return weighted_mean(-log_p, weight);
}

at::Tensor gaussian_nll(const GaussianPrediction& prediction, const at::Tensor& target,
                        const at::Tensor& weight) {
  check_alike("mean", prediction.mean, "variance", prediction.variance);
  check_alike("mean", prediction.mean, "target", target);
  const at::Tensor variance = floored(prediction.variance);
  const at::Tensor twice = variance.log() + (target - prediction.mean).square() / variance;
  return weighted_mean(0.5 * (twice + std::log(2 * std::numbers::pi)), weight);
}

at::Tensor kl(const at::Tensor& p_logits, const at::Tensor& q_logits, const at::Tensor& weight) {
  check_alike("p", p_logits, "q", q_logits);
  const at::Tensor log_p = p_logits.log_softmax(-1);
  const at::Tensor log_q = q_logits.log_softmax(-1);
  return weighted_mean((log_p.exp() * (log_p - log_q)).sum(-1), weight);
}

at::Tensor cosine(const at::Tensor& a, const at::Tensor& b, const at::Tensor& weight) {
  check_alike("a", a, "b", b);
  return weighted_mean(1 - (unit_rows(a) * unit_rows(b)).sum(-1), weight);
}

at::Tensor info_nce(const at::Tensor& a, const at::Tensor& b, double temperature,
                    const at::Tensor& weight) {
  check_alike("a", a, "b", b);
  TORCH_CHECK(a.dim() == 2, "a must be [rows, features], got ", a.sizes());
  at::Tensor score = unit_rows(a).matmul(unit_rows(b).t()) / temperature;
  if (weight.defined()) {
    TORCH_CHECK(weight.dim() == 1 && weight.size(0) == a.size(0), "weight must be [", a.size(0),
                "], got ", weight.sizes());
    const at::Tensor hidden = weight == 0;
    score = score.masked_fill(hidden.unsqueeze(0).logical_or(hidden.unsqueeze(1)), kHidden);
  }
  const at::Tensor found_b = score.log_softmax(1).diagonal();
  const at::Tensor found_a = score.log_softmax(0).diagonal();
  return weighted_mean(-0.5 * (found_b + found_a), weight);
}

at::Tensor consistency(const at::Tensor& prediction, const at::Tensor& target,
                       const at::Tensor& weight) {
  return mse(prediction, target.detach(), weight);
}

at::Tensor l2(const std::vector<at::Tensor>& parameters) {
  TORCH_CHECK(!parameters.empty(), "l2 needs at least one parameter");
  at::Tensor sum = parameters.front().square().sum();
  for (size_t i = 1; i < parameters.size(); ++i) sum = sum + parameters[i].square().sum();
  return 0.5 * sum;
}

}  // namespace limbic::losses
