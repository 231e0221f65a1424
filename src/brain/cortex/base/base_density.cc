#include "limbic/brain/cortex/base/base_density.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limbic/brain/cortex/base/gaussian_chain.h"
#include "limbic/core/error.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Kind;

namespace {

constexpr double kUnused = -1e30;         // log weight
constexpr int64_t kMostKept = 1 << 25;    // numbers of factors; more are made anew at each answer
constexpr double kLeastVariance = 1e-12;  // of what a query sees itself

/// What is asked, by its place in a row's order, and how much of that order is seen.
struct Places {
  at::Tensor place_BQ, seen_BQ;
};

/// Of B Q queries and K components: log p of the scalars that are seen, how far from its mean what
/// is asked is expected, and its variance.
struct Answers {
  at::Tensor log_seen_BQK, apart_BQK, variance_BQK;
};

// [B, K, D, D] of covariances [K, D, D] in each row's order [B, D].
at::Tensor factored(const at::Tensor& covariance, const at::Tensor& order) {
  const int64_t rows = order.size(0), K = covariance.size(0), D = order.size(1);
  const auto by_row = order.view({rows, 1, D, 1}).expand({rows, K, D, D});
  const auto by_both = order.view({rows, 1, 1, D}).expand({rows, K, D, D});
  const auto ordered = covariance.expand({rows, K, D, D}).gather(2, by_row).gather(3, by_both);
  return std::get<0>(at::linalg_cholesky_ex(ordered, /*upper=*/true));
}

// The same, in rows of whole registers.
at::Tensor fused_factor(const at::Tensor& covariance, const at::Tensor& order) {
  const int64_t rows = order.size(0), K = covariance.size(0), D = order.size(1);
  auto upper = at::empty({rows, K, D, kernels::stride(D)}, covariance.options());
  double* to = upper.mutable_data_ptr<double>();
  for (int64_t b = 0; b < rows; ++b) {
    for (int64_t k = 0; k < K; ++k, to += upper.stride(1)) {
      kernels::factor_in_order(D, covariance.const_data_ptr<double>() + k * D * D,
                               order.const_data_ptr<int64_t>() + b * D, to);
    }
  }
  return upper;
}

// Of x minus its means in each row's order. Without factors that somebody kept each is made here,
// and used while it is in the cache. Components after those with a covariance have no say.
Answers fused_answers(const BaseDensityImpl::Factor& factor, const at::Tensor& covariance,
                      const at::Tensor& apart_BKD, const Places& asked) {
  const int64_t B = apart_BKD.size(0), K = apart_BKD.size(1), D = apart_BKD.size(2);
  const int64_t Q = asked.place_BQ.size(1), width = kernels::stride(D), used = covariance.size(0);
  const auto all_of = [&](double x) { return at::full({B, Q, K}, x, apart_BKD.options()); };
  Answers all{all_of(0), all_of(0), all_of(1)};
  const auto number = [](const at::Tensor& t) { return t.mutable_data_ptr<double>(); };
  std::vector<double> made(factor.upper_BKDD.defined() ? 0 : D * width), z(width);
  for (int64_t b = 0; b < B; ++b) {
    const kernels::ChainQueries queries{Q, asked.place_BQ.const_data_ptr<int64_t>() + b * Q,
                                        asked.seen_BQ.const_data_ptr<int64_t>() + b * Q};
    for (int64_t k = 0; k < used; ++k) {
      const double* upper = made.data();
      if (made.empty()) {
        upper = factor.upper_BKDD.const_data_ptr<double>() + (b * used + k) * D * width;
      } else {
        kernels::factor_in_order(D, covariance.const_data_ptr<double>() + k * D * D,
                                 factor.order_BD.const_data_ptr<int64_t>() + b * D, made.data());
      }
      std::copy_n(apart_BKD.const_data_ptr<double>() + (b * K + k) * D, D, z.data());
      kernels::solve_in_order(D, D, upper, z.data());
      const int64_t first = b * Q * K + k;
      kernels::answer_in_order(D, queries, upper, z.data(),
                               {K, number(all.log_seen_BQK) + first, number(all.apart_BQK) + first,
                                number(all.variance_BQK) + first});
    }
  }
  return all;
}

// [B, K, D] -> [B, K, D + 1]: sums of the first 0 .. D. at::cumsum has no fixed order on a GPU.
at::Tensor running_sums(const at::Tensor& x_BKD) {
  std::vector<at::Tensor> sums{at::zeros({x_BKD.size(0), x_BKD.size(1)}, x_BKD.options())};
  for (int64_t d = 0; d < x_BKD.size(2); ++d) sums.push_back(sums.back() + x_BKD.select(2, d));
  return at::stack(sums, 2);
}

Answers answers_by_aten(const at::Tensor& upper, const at::Tensor& apart_BKD, const Places& asked) {
  const int64_t B = apart_BKD.size(0), K = apart_BKD.size(1), D = apart_BKD.size(2);
  const int64_t Q = asked.place_BQ.size(1);
  const auto z = at::linalg_solve_triangular(upper.transpose(2, 3), apart_BKD.unsqueeze(3),
                                             /*upper=*/false)
                     .squeeze(3);
  const auto log_p = -0.5 * (z.square() + std::log(2 * std::numbers::pi)) -
                     upper.diagonal(0, 2, 3).log();  // [B, K, D]
  const auto log_seen = running_sums(log_p);
  const auto place = asked.place_BQ.view({B, Q, 1, 1}).expand({B, Q, K, D});
  const auto weight = upper.permute({0, 3, 1, 2}).gather(1, place);  // [B, Q, K, D]
  const auto is_seen =
      at::arange(D, place.options()).lt(asked.seen_BQ.unsqueeze(2)).unsqueeze(2);  // [B, Q, 1, D]
  return {log_seen.gather(2, asked.seen_BQ.unsqueeze(1).expand({B, K, Q})).transpose(1, 2),
          at::where(is_seen, weight * z.unsqueeze(1), 0.0).sum(3),
          at::where(is_seen, 0.0, weight.square()).sum(3)};
}

at::Tensor to_tensor(const std::vector<double>& numbers, at::IntArrayRef shape) {
  return at::tensor(numbers, at::kDouble).view(shape);
}

}  // namespace

BaseDensityImpl::BaseDensityImpl(const BaseConfig& config, const worlds::Schema& schema, bool fused)
    : schema_(schema), is_fused_(fused) {
  const auto sites = worlds::cortical_sites(schema);
  std::vector<int64_t> scalar_of_site(sites.size()), option_of_site(sites.size());
  for (int64_t s = 0; s < std::ssize(sites); ++s) {
    const worlds::Site& site = sites[s];
    const auto& variable = schema[site.variable];
    const int64_t cell = site.tick * schema.num_cells() + site.row_cell;
    if (variable.kind == Kind::kScalar) {
      scalar_of_site[s] = std::ssize(site_of_scalar_);
      site_of_scalar_.push_back(s);
      cell_of_scalar_.push_back(cell);
    } else if (variable.kind == Kind::kCategory) {
      const int64_t index = site.tick * variable.num_cells + site.cell;
      option_of_site[s] = num_options_;
      choices_.push_back({site.variable, s, num_options_, index, cell});
      num_options_ += variable.size;
    }
  }
  const int64_t K = config.components, D = std::ssize(site_of_scalar_);
  if (D == 0 || D > kMaxScalars) {
    throw input_error("cortex.base_density is a density of 1 to ", kMaxScalars,
                      " scalars, and this world has ", D);
  }
  scalar_site_D_ = register_buffer("scalar_site", at::tensor(site_of_scalar_, at::kLong));
  scalar_of_site_S_ = register_buffer("scalar_of_site", at::tensor(scalar_of_site, at::kLong));
  option_of_site_S_ = register_buffer("option_of_site", at::tensor(option_of_site, at::kLong));
  auto log_weight = at::full({K}, kUnused, at::kDouble);
  log_weight[0] = 0;
  log_weight_K_ = register_buffer("log_weight", log_weight);
  mean_KD_ = register_buffer("mean", at::zeros({K, D}, at::kDouble));
  covariance_KDD_ =
      register_buffer("covariance", at::eye(D, at::kDouble).expand({K, D, D}).contiguous());
  auto log_choice = at::zeros({K, std::max<int64_t>(num_options_, 1)}, at::kDouble);
  for (const Choice& choice : choices_) {
    const int64_t size = schema[choice.variable].size;
    log_choice.narrow(1, choice.first_option, size).fill_(-std::log(static_cast<double>(size)));
  }
  log_choice_KN_ = register_buffer("log_choice", log_choice);
}

// [B, D], standardised.
at::Tensor BaseDensityImpl::scalars(const worlds::Episodes& episodes) const {
  std::vector<at::Tensor> columns;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != worlds::Access::kCortex || variable.kind != Kind::kScalar) continue;
    columns.push_back(
        worlds::standard_units(variable, episodes.value[i]).reshape({episodes.num_rows(), -1}));
  }
  return at::cat(columns, 1).to(at::kDouble);
}

JointRows BaseDensityImpl::table_of(const worlds::Episodes& rows) const {
  const int64_t B = rows.num_rows(), D = std::ssize(site_of_scalar_);
  JointRows table{B, D, num_options_, {}, {}, std::vector<std::vector<int64_t>>(B), {}};
  const auto present = rows.present_BTV.reshape({B, -1}).to(at::kCPU).contiguous();
  const auto x = scalars(rows).to(at::kCPU).contiguous();
  table.value_BD.assign(x.const_data_ptr<double>(), x.const_data_ptr<double>() + B * D);
  const bool* const there = present.const_data_ptr<bool>();
  for (int64_t b = 0; b < B; ++b) {
    for (const int64_t cell : cell_of_scalar_)
      table.seen_BD.push_back(there[b * present.size(1) + cell]);
  }
  for (const Choice& choice : choices_) {
    table.first_option.push_back(choice.first_option);
    const auto column = rows.value[choice.variable].reshape({B, -1}).select(1, choice.index);
    const auto value = column.to(at::kCPU).contiguous();
    for (int64_t b = 0; b < B; ++b) {
      if (there[b * present.size(1) + choice.cell])
        table.options[b].push_back(choice.first_option + value.const_data_ptr<int64_t>()[b]);
    }
  }
  return table;
}

void BaseDensityImpl::initialise_from(const worlds::Episodes& rows, const Stream& stream) {
  const at::NoGradGuard no_grad;
  const int64_t most = log_weight_K_.size(0), D = mean_KD_.size(1);
  const JointMixture fitted = fit_stacked_mixture(table_of(rows), most, stream);
  const int64_t K = fitted.size();
  log_weight_K_.fill_(kUnused).narrow(0, 0, K).copy_(to_tensor(fitted.log_weight, {K}));
  mean_KD_.narrow(0, 0, K).copy_(to_tensor(fitted.mean, {K, D}));
  covariance_KDD_.narrow(0, 0, K).copy_(to_tensor(fitted.covariance, {K, D, D}));
  if (num_options_ > 0)
    log_choice_KN_.narrow(0, 0, K).copy_(to_tensor(fitted.log_choice, {K, num_options_}));
}

at::Tensor BaseDensityImpl::used_covariance() const {
  const double* const begin = log_weight_K_.const_data_ptr<double>();
  const double* const end = std::find(begin, begin + log_weight_K_.size(0), kUnused);
  return covariance_KDD_.narrow(0, 0, end - begin);
}

BaseDensityImpl::Factor BaseDensityImpl::in_order(const at::Tensor& sees_BQS) const {
  const auto sees = sees_BQS.to(at::kDouble);
  // What more queries see comes before what fewer see.
  const auto count = sees.sum(1).index_select(1, scalar_site_D_);
  const auto order = count.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/true).contiguous();
  return {order, at::argsort(order), {}, sees};
}

BaseDensityImpl::Factor BaseDensityImpl::factor(const at::Tensor& sees_BQS) const {
  const at::NoGradGuard no_grad;
  Factor kept = in_order(sees_BQS);
  if (!is_fused()) {
    kept.upper_BKDD = factored(covariance_KDD_, kept.order_BD);
    return kept;
  }
  const at::Tensor covariance = used_covariance();
  const int64_t D = covariance.size(1);
  if (kept.order_BD.size(0) * covariance.size(0) * D * kernels::stride(D) <= kMostKept)
    kept.upper_BKDD = fused_factor(covariance, kept.order_BD);
  return kept;
}

at::Tensor BaseDensityImpl::log_prob_of_choices(const at::Tensor& sees_BQS,
                                                const worlds::Episodes& episodes) const {
  auto sum = at::zeros({sees_BQS.size(0), sees_BQS.size(1), log_weight_K_.size(0)},
                       log_weight_K_.options());
  for (const Choice& choice : choices_) {
    const auto value =
        episodes.value[choice.variable].reshape({episodes.num_rows(), -1}).select(1, choice.index);
    const auto log_p = log_choice_KN_.index_select(1, value + choice.first_option).t();  // [B, K]
    sum = sum + sees_BQS.select(2, choice.site).unsqueeze(2) * log_p.unsqueeze(1);
  }
  return sum;
}

BasePosterior BaseDensityImpl::posterior(const at::Tensor& sees_BQS,
                                         const worlds::Episodes& episodes,
                                         const at::Tensor& site) const {
  const at::NoGradGuard no_grad;
  return posterior(is_fused() ? in_order(sees_BQS) : factor(sees_BQS), episodes, site, 0,
                   sees_BQS.size(1));
}

BasePosterior BaseDensityImpl::posterior(const Factor& factor, const worlds::Episodes& episodes,
                                         const at::Tensor& site, int64_t first,
                                         int64_t count) const {
  const at::NoGradGuard no_grad;
  const int64_t B = factor.order_BD.size(0), D = mean_KD_.size(1), K = mean_KD_.size(0);
  const auto sees = factor.sees_BQS.narrow(1, first, count);
  const auto scalar_BQ = scalar_of_site_S_.index_select(0, site).view({B, count});
  const auto apart = (scalars(episodes).unsqueeze(1) - mean_KD_)
                         .gather(2, factor.order_BD.unsqueeze(1).expand({B, K, D}));
  const Places asked{factor.place_BD.gather(1, scalar_BQ).contiguous(),
                     sees.index_select(2, scalar_site_D_).sum(2).to(at::kLong).contiguous()};
  const Answers found = is_fused() ? fused_answers(factor, used_covariance(), apart, asked)
                                   : answers_by_aten(factor.upper_BKDD, apart, asked);
  const auto log_weight = log_weight_K_ + log_prob_of_choices(sees, episodes) + found.log_seen_BQK;
  const auto mean =
      mean_KD_.t().index_select(0, scalar_BQ.reshape({-1})).view({B, count, K}) + found.apart_BQK;
  const auto variance = found.variance_BQK.clamp_min(kLeastVariance);
  const auto as_rows = [&](const at::Tensor& x) { return x.reshape({B * count, K}); };
  return {as_rows(log_weight.log_softmax(2)), as_rows(mean), as_rows(variance.sqrt()), site};
}

at::Tensor BaseDensityImpl::log_choice(int64_t variable, const BasePosterior& posterior) const {
  const int64_t size = schema_[variable].size;
  const int64_t begin = std::ranges::find(choices_, variable, &Choice::variable)->first_option;
  const int64_t count = size * std::ranges::count(choices_, variable, &Choice::variable);
  const auto p = at::matmul(posterior.log_weight.exp(),
                            log_choice_KN_.exp().narrow(1, begin, count));  // [n, count]
  // Padding may be about a site of another variable, and takes any options of this one.
  const auto first = (option_of_site_S_.index_select(0, posterior.site) - begin)
                         .clamp(0, count - size)
                         .unsqueeze(1);
  return p.gather(1, first + at::arange(size, posterior.site.options())).log();
}

}  // namespace limbic::brain
