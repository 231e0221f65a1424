#include "limbic/brain/cortex/mixture.h"

#include <torch/torch.h>

#include <cmath>

#include "limbic/worlds/standard_units.h"

namespace limbic::brain {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::tensor_list;

class MixtureLogProb : public torch::autograd::Function<MixtureLogProb> {
 public:
  static at::Tensor forward(AutogradContext* context, const at::Tensor& params, const at::Tensor& x,
                            const kernels::MixtureShape& shape) {
    auto log_prob = at::empty({x.size(0)}, x.options());
    auto d_params = params.requires_grad() ? at::empty_like(params) : at::Tensor();
    kernels::mixture_log_prob(shape, params.const_data_ptr<float>(), x.const_data_ptr<float>(),
                              log_prob.mutable_data_ptr<float>(),
                              d_params.defined() ? d_params.mutable_data_ptr<float>() : nullptr);
    if (d_params.defined()) context->save_for_backward({d_params});
    return log_prob;
  }

  static tensor_list backward(AutogradContext* context, const tensor_list& gradients) {
    return {context->get_saved_variables()[0] * gradients[0].unsqueeze(1), at::Tensor(),
            at::Tensor()};
  }
};

struct Parts {
  at::Tensor logits, mean, log_scale, factor;
};

Parts split(const MixtureSpec& spec, const at::Tensor& params) {
  const int64_t K = spec.components;
  const int64_t d = spec.dimensions;
  TORCH_CHECK(params.size(-1) == spec.num_params(), "params must be [..., ", spec.num_params(),
              "], got ", params.sizes());
  auto lead = params.sizes().vec();
  lead.pop_back();
  const auto shaped = [&](int64_t begin, int64_t rows) {
    auto shape = lead;
    shape.insert(shape.end(), {rows, d});
    return params.narrow(-1, begin, rows * d).reshape(shape);
  };
  const double log_floor = std::log(spec.scale_floor);
  return {params.narrow(-1, 0, K), shaped(K, K), shaped(K + K * d, K).clamp(log_floor, -log_floor),
          shaped(K + 2 * K * d, spec.rank)};
}

struct Between {
  at::Tensor mean, scale;  // of Gaussians
  double low, high;
};

// One draw from each Gaussian within its bounds, by its inverse distribution function; mirrored
// where the bounds are above the mean, since lower tails are the precise ones. Where these come
// near the least that float64 holds, the density counts as z exp(-z^2 / 2).
at::Tensor sample_between(const Between& gaussian, const Stream& stream) {
  const auto mean = gaussian.mean.to(at::kDouble), scale = gaussian.scale.to(at::kDouble);
  const auto low = (gaussian.low - mean) / scale, high = (gaussian.high - mean) / scale;
  const auto upper = low.gt(0);
  const auto farther = at::where(upper, -high, low), nearer = at::where(upper, -low, high);
  const auto from = normal_cdf(farther), to = normal_cdf(nearer);
  const auto uniform = stream.uniform(mean.sizes(), mean.device()).to(at::kDouble).clamp_min(1e-9);
  const auto least = ((nearer - farther) * (nearer + farther) / 2).exp();
  const auto in_tail = -(nearer.square() - 2 * (least + uniform * (1 - least)).log()).sqrt();
  const auto drawn =
      at::where(to.lt(1e-290), in_tail, at::special_ndtri(from + uniform * (to - from)));
  const auto z = at::where(upper, -drawn, drawn);
  return (mean + scale * z).clamp(gaussian.low, gaussian.high).to(gaussian.mean.scalar_type());
}

// One draw of f(x) from each mixture.
at::Tensor sample_transformed(const GaussianMixture& mixture, double temperature,
                              const Stream& stream) {
  auto lead = mixture.mean.sizes().vec();  // [..., K, d]
  const int64_t d = lead.back();
  lead.resize(lead.size() - 2);
  auto scores = mixture.logits;
  if (mixture.is_cut()) scores = scores + log_component_mass(mixture).to(scores.scalar_type());
  const auto component =
      draw_category(scores, temperature, stream.child("component")).unsqueeze(-1).unsqueeze(-1);
  auto index_shape = component.sizes().vec();
  index_shape.back() = d;
  const auto index = component.expand(index_shape);
  const auto mean = mixture.mean.gather(-2, index).squeeze(-2);
  const auto scale = mixture.scale.gather(-2, index).squeeze(-2);
  if (temperature == 0) return mean.clamp(mixture.low, mixture.high);
  if (mixture.is_cut())
    return sample_between({mean, scale * temperature, mixture.low, mixture.high},
                          stream.child("noise"));
  auto noise = scale * stream.child("noise").normal(mean.sizes(), mean.device());
  const int64_t rank = mixture.factor.size(-1);
  if (rank > 0) {
    auto shape = lead;
    shape.insert(shape.end(), {rank, 1});
    noise =
        noise +
        at::matmul(mixture.factor, stream.child("factor").normal(shape, mean.device())).squeeze(-1);
  }
  return mean + temperature * noise;
}

struct Solution {
  at::Tensor y, log_det;
};

// A y = b of positive definite A [..., r, r] and b [..., r], and log det A [...]. Written out,
// since LibTorch's factorisations ask the device whether they succeeded.
Solution solve_positive(const at::Tensor& a, const at::Tensor& b) {
  const int64_t r = b.size(-1);
  std::vector<std::vector<at::Tensor>> lower(r, std::vector<at::Tensor>(r));
  std::vector<at::Tensor> y;
  auto log_det = at::zeros({}, b.options());
  for (int64_t i = 0; i < r; ++i) {
    auto right = b.select(-1, i);
    for (int64_t j = 0; j <= i; ++j) {
      auto rest = a.select(-2, i).select(-1, j);
      for (int64_t k = 0; k < j; ++k) rest = rest - lower[i][k] * lower[j][k];
      lower[i][j] = i == j ? rest.sqrt() : rest / lower[j][j];
      if (j < i) right = right - lower[i][j] * y[j];
    }
    y.push_back(right / lower[i][i]);
    log_det = log_det + 2 * lower[i][i].log();
  }
  for (int64_t i = r - 1; i >= 0; --i) {
    for (int64_t j = i + 1; j < r; ++j) y[i] = y[i] - lower[j][i] * y[j];
    y[i] = y[i] / lower[i][i];
  }
  return {at::stack(y, -1), log_det};
}

}  // namespace

kernels::MixtureShape mixture_shape(const MixtureSpec& spec, int64_t n) {
  TORCH_CHECK((spec.dimensions == 1 && spec.rank == 0) ||
                  (!std::isfinite(spec.low) && !std::isfinite(spec.high)),
              "only mixtures of one dimension without factors have bounds, got dimensions ",
              spec.dimensions, " and rank ", spec.rank);
  TORCH_CHECK(spec.rank <= kernels::kMaxRank, "rank must be at most ", kernels::kMaxRank, ", got ",
              spec.rank);
  return {n,
          spec.components,
          spec.dimensions,
          spec.rank,
          static_cast<float>(std::log(spec.scale_floor)),
          static_cast<float>(spec.low),
          static_cast<float>(spec.high)};
}

at::Tensor mixture_log_prob_reference(const MixtureSpec& spec, const at::Tensor& params,
                                      const at::Tensor& x) {
  const auto [logits, mean, log_scale, factor] = split(spec, params);
  const auto precision = (-2 * log_scale).exp();  // [n, K, d]
  auto rest = x.unsqueeze(1) - mean;  // [n, K, d]; below: what the factors do not explain
  auto explained = at::zeros({1}, x.options());
  auto log_det = 2 * log_scale.sum(-1);  // [n, K]
  if (spec.rank > 0) {
    // In double: factors that all but line up cancel.
    const auto factor_64 = factor.unsqueeze(1).to(at::kDouble);
    const auto scaled = factor_64 * precision.unsqueeze(2).to(at::kDouble);  // [n, K, r, d]
    const auto inner =
        at::matmul(scaled, factor_64.transpose(2, 3)) + at::eye(spec.rank, scaled.options());
    const auto projected = at::matmul(scaled, rest.unsqueeze(-1).to(at::kDouble)).squeeze(-1);
    const auto [solved_64, own_log_det] = solve_positive(inner, projected);
    const auto solved = solved_64.to(x.scalar_type());  // [n, K, r]
    rest = rest - at::matmul(solved, factor);
    explained = solved.square().sum(-1);
    log_det = log_det + own_log_det.to(x.scalar_type());
  }
  const auto square = (precision * rest.square()).sum(-1) + explained;
  const auto log_density =
      -0.5 * (square + log_det + static_cast<double>(spec.dimensions) * std::log(2 * M_PI));
  const auto log_weight = logits.log_softmax(-1);
  const auto whole = (log_weight + log_density).logsumexp(-1);
  if (!std::isfinite(spec.low) && !std::isfinite(spec.high)) return whole;
  const auto below = [&](double bound) {
    if (std::isinf(bound)) return at::full_like(log_weight, bound > 0 ? 1.0 : 0.0);
    return normal_cdf(((bound - mean) * (-log_scale).exp()).squeeze(-1));
  };
  const auto mass = (log_weight.exp() * (below(spec.high) - below(spec.low))).sum(-1);
  return whole - mass.clamp_min(kernels::kLeastMass).log();
}

at::Tensor mixture_log_prob(const MixtureSpec& spec, const at::Tensor& params,
                            const at::Tensor& x) {
  TORCH_CHECK(x.dim() == 2 && x.size(1) == spec.dimensions, "x must be [n, ", spec.dimensions,
              "], got ", x.sizes());
  const auto shape = mixture_shape(spec, x.size(0));
  if (!params.device().is_cpu() || params.scalar_type() != at::kFloat)
    return mixture_log_prob_reference(spec, params, x);
  return MixtureLogProb::apply(params.contiguous(), x.contiguous(), shape);
}

GaussianMixture unpack_mixture(const MixtureSpec& spec, const at::Tensor& params,
                               const worlds::Variable& about) {
  const auto [logits, mean, log_scale, factor] = split(spec, params);
  return {logits,
          mean * about.scale + about.center,
          log_scale.exp() * about.scale,
          factor.transpose(-1, -2) * about.scale,
          about.low,
          about.high,
          about.transform};
}

at::Tensor sample_mixture(const GaussianMixture& mixture, double temperature,
                          const Stream& stream) {
  return worlds::restored(mixture.transform, sample_transformed(mixture, temperature, stream));
}

}  // namespace limbic::brain
