#include "limbic/brain/cortex/gaussian.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/worlds/roles.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;

namespace {

constexpr int64_t kMostElements = 1 << 21;  // of matrices that are solved at a time

// From log densities of f(x) to those of x, where a variable has a transform.
void add_slopes(const worlds::Schema& schema, const Episodes& episodes, const Roles& roles,
                at::Tensor& log_prob_BTV) {
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& variable = schema[i];
    if (variable.transform.is_none() || variable.access != Access::kCortex) continue;
    const auto& value = episodes.value[i];
    const auto slope = worlds::log_slope(variable.transform, value.cpu().to(at::kDouble));
    worlds::own_cells(log_prob_BTV, schema, i)
        .add_(slope * worlds::own_cells(roles.asked_BTV, schema, i));
  }
}

worlds::Schema one_tick(const worlds::Schema& schema) {
  auto variables = schema.variables();
  for (auto& variable : variables) variable.num_ticks = 1;
  return {variables, 1};
}

// [rows, t, ...] -> [rows * T, 1, ...], with zeros at ticks that are not there.
at::Tensor each_tick_a_row(const at::Tensor& x, int64_t num_ticks) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape[1] = num_ticks;
  auto padded = at::zeros(shape, x.options());
  padded.narrow(1, 0, x.size(1)).copy_(x);
  shape[0] *= num_ticks;
  shape[1] = 1;
  return padded.reshape(shape);
}

// And back, ticks 0 .. t - 1.
at::Tensor ticks_again(const at::Tensor& x, int64_t num_ticks, int64_t kept) {
  std::vector<int64_t> shape = x.sizes().vec();
  shape[0] /= num_ticks;
  shape[1] = num_ticks;
  return x.reshape(shape).narrow(1, 0, kept);
}

at::Tensor block_of(const at::Tensor& covariance_FF, int64_t begin, int64_t size) {
  return covariance_FF.narrow(0, begin, size).narrow(1, begin, size);
}

}  // namespace

Gaussian::Gaussian(const GaussianConfig& config, const worlds::Schema& schema)
    : config_(config),
      schema_(is_alone() ? one_tick(schema) : schema),
      num_ticks_(schema.num_ticks()) {
  for (const worlds::Site& site : worlds::cortical_sites(schema_)) {
    features_.push_back({site, num_features_, schema_[site.variable].size});
    num_features_ += features_.back().size;
  }
  const auto zeros = at::zeros({1, num_features_, num_features_}, at::kDouble);
  sum_SFF_ = register_buffer("sum", zeros.clone());
  product_SFF_ = register_buffer("product", zeros.clone());
  count_SFF_ = register_buffer("count", zeros.clone());
}

void Gaussian::divide(const std::vector<Stream>& subjects) {
  const auto num_subjects = static_cast<int64_t>(subjects.size());
  for (at::Tensor* sums : {&sum_SFF_, &product_SFF_, &count_SFF_})
    sums->set_data(at::zeros({num_subjects, num_features_, num_features_}, at::kDouble));
}

ThoughtMap Gaussian::thought_map() const {
  ThoughtMap map;
  for (const Feature& feature : features_) {
    const std::string name = worlds::site_name(schema_, feature.site);
    for (int64_t d = 0; d < feature.size; ++d) {
      map.features.push_back({.name = feature.size > 1 ? name + "." + std::to_string(d) : name,
                              .about = ThoughtMap::About::kBelief,
                              .variable = feature.site.variable,
                              .cell = feature.site.cell,
                              .dimension = d,
                              .modality = schema_[feature.site.variable].modality});
    }
  }
  for (int64_t i = 0; i < num_features_ && is_alone(); ++i) {
    map.features.push_back(map.features[i]);
    map.features.back().name = "seen " + map.features[i].name;
    map.features.back().about = ThoughtMap::About::kSight;
  }
  return map;
}

Episodes Gaussian::apart(const Episodes& episodes) const {
  if (!is_alone()) return episodes;
  Episodes rows;
  for (const at::Tensor& column : episodes.value)
    rows.value.push_back(each_tick_a_row(column, num_ticks_));
  rows.present_BTV = each_tick_a_row(episodes.present_BTV, num_ticks_);
  return rows;
}

Episodes Gaussian::together(const Episodes& rows, const Episodes& like) const {
  if (!is_alone()) return rows;
  Episodes whole;
  for (size_t i = 0; i < rows.value.size(); ++i)
    whole.value.push_back(ticks_again(rows.value[i], num_ticks_, like.value[i].size(1)));
  whole.present_BTV = ticks_again(rows.present_BTV, num_ticks_, num_ticks_);
  return whole;
}

at::Tensor Gaussian::apart(const at::Tensor& x_BTV) const {
  return is_alone() && x_BTV.defined() ? each_tick_a_row(x_BTV, num_ticks_) : x_BTV;
}

int64_t Gaussian::subject_of(int64_t row) const {
  return (is_alone() ? row / num_ticks_ : row) % num_subjects();
}

Gaussian::Belief Gaussian::prior_of(const Belief& all, int64_t row) const {
  const int64_t subject = subject_of(row);
  return {all.mean_F[subject], all.covariance_FF[subject]};
}

// mean + C m ((m C m + ridge) on observed features, identity elsewhere)^-1 m (value - mean)
at::Tensor Gaussian::expected(const Belief& all, const at::Tensor& value_BF,
                              const at::Tensor& observed_BF) const {
  const int64_t at_a_time =
      std::max<int64_t>(1, kMostElements / (num_features_ * num_features_ + 1));
  std::vector<at::Tensor> parts;
  for (int64_t begin = 0; begin < value_BF.size(0); begin += at_a_time) {
    const int64_t size = std::min(at_a_time, value_BF.size(0) - begin);
    const auto mask = observed_BF.narrow(0, begin, size);
    auto subject = at::empty({size}, at::kLong);
    auto* to = subject.mutable_data_ptr<int64_t>();
    for (int64_t row = 0; row < size; ++row) to[row] = subject_of(begin + row);
    const auto mean = all.mean_F.index_select(0, subject);
    const auto covariance = all.covariance_FF.index_select(0, subject);
    const auto inner = covariance * mask.unsqueeze(1) * mask.unsqueeze(2) +
                       at::diag_embed(1 - mask + config_.ridge * mask);
    const auto surprise = mask * (value_BF.narrow(0, begin, size) - mean);
    const auto weights = mask * at::linalg_solve(inner, surprise.unsqueeze(2)).squeeze(2);
    parts.push_back(mean + covariance.matmul(weights.unsqueeze(2)).squeeze(2));
  }
  return at::cat(parts);
}

Gaussian::Belief Gaussian::condition(const Belief& prior, const at::Tensor& value_F,
                                     const at::Tensor& observed_F) const {
  const auto index = observed_F.nonzero().squeeze(1);
  if (index.numel() == 0) return prior;
  const auto across = prior.covariance_FF.index_select(1, index);  // [F, o]
  const auto inner =
      across.index_select(0, index) + config_.ridge * at::eye(index.numel(), at::kDouble);
  const auto gain = at::cholesky_solve(across.t(), at::linalg_cholesky(inner)).t();
  const auto surprise = (value_F - prior.mean_F).index_select(0, index);
  return {prior.mean_F + gain.matmul(surprise), prior.covariance_FF - gain.matmul(across.t())};
}

double Gaussian::cell_log_prob(const Belief& posterior, const Feature& feature,
                               const at::Tensor& value_F) const {
  const auto mean = posterior.mean_F.narrow(0, feature.begin, feature.size);
  const auto value = value_F.narrow(0, feature.begin, feature.size);
  const auto& variable = schema_[feature.site.variable];
  if (variable.kind == Kind::kCategory) {
    const auto probability = mean.clamp_min(1e-3);
    return (probability / probability.sum()).dot(value).log().item<double>();
  }
  const auto block = block_of(posterior.covariance_FF, feature.begin, feature.size);
  const auto chol = at::linalg_cholesky(block + config_.ridge * at::eye(feature.size, at::kDouble));
  const auto white =
      at::linalg_solve_triangular(chol, (value - mean).unsqueeze(1), /*upper=*/false);
  const auto size = static_cast<double>(feature.size);
  return -0.5 * white.square().sum().item<double>() - chol.diagonal().log().sum().item<double>() -
         size * (0.5 * std::log(2 * M_PI) + std::log(variable.scale));
}

at::Tensor Gaussian::log_prob(const Episodes& whole, const Question& question) {
  const Episodes episodes = apart(whole);
  const Roles roles{apart(question.roles.observed_BTV), apart(question.roles.asked_BTV)};
  const at::Tensor rank_BTV = apart(question.rank_BTV);
  auto result = at::zeros(roles.asked_BTV.sizes(), at::kDouble);
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, roles.observed_BTV).present_BF;
  const Belief all = belief();
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const auto value_F = value_BF[row];
    const Belief given = condition(prior_of(all, row), value_F, observed_BF[row]);
    const auto at_cell = [&](const at::Tensor& tensor, const Feature& f) {
      return tensor[row][f.site.tick][f.site.row_cell];
    };
    std::vector<Feature> asked;
    for (const Feature& feature : features_) {
      if (at_cell(roles.asked_BTV, feature).item<bool>()) asked.push_back(feature);
    }
    if (rank_BTV.defined()) {
      std::sort(asked.begin(), asked.end(), [&](const Feature& a, const Feature& b) {
        return at_cell(rank_BTV, a).item<int64_t>() < at_cell(rank_BTV, b).item<int64_t>();
      });
    }
    Belief running = given;
    for (const Feature& feature : asked) {
      const bool echo = at_cell(roles.observed_BTV, feature).item<bool>();
      at_cell(result, feature).fill_(cell_log_prob(echo ? given : running, feature, value_F));
      if (echo || !rank_BTV.defined()) continue;
      auto realised = at::zeros({num_features_}, at::kDouble);
      realised.narrow(0, feature.begin, feature.size).fill_(1);
      running = condition(running, value_F, realised);
    }
  }
  add_slopes(schema_, episodes, roles, result);
  if (is_alone()) result = ticks_again(result, num_ticks_, num_ticks_);
  return result.to(sum_SFF_.device(), at::kFloat);
}

Gaussian::Posteriors Gaussian::posteriors(const Episodes& episodes,
                                          const at::Tensor& observed_BTV) const {
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, observed_BTV).present_BF;
  const Belief all_subjects = belief();
  std::vector<at::Tensor> means;
  std::vector<std::vector<at::Tensor>> blocks(features_.size());
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const Belief given = condition(prior_of(all_subjects, row), value_BF[row], observed_BF[row]);
    means.push_back(given.mean_F);
    for (size_t f = 0; f < features_.size(); ++f) {
      if (schema_[features_[f].site.variable].kind == Kind::kCategory) continue;
      blocks[f].push_back(
          block_of(given.covariance_FF, features_[f].begin, features_[f].size).clone());
    }
  }
  Posteriors all{at::stack(means), {}};
  for (const auto& rows : blocks)
    all.block.push_back(rows.empty() ? at::Tensor() : at::stack(rows));
  return all;
}

// diag(ridge) + L L', L the Cholesky factor of the cell's own covariance.
Distribution Gaussian::marginal(int64_t index, const Posteriors& posteriors) const {
  const auto& variable = schema_[index];
  const int64_t count = variable.num_ticks * variable.num_cells;
  const auto first =
      std::ranges::find(features_, index, [](const Feature& f) { return f.site.variable; });
  const std::vector<int64_t> lead = {posteriors.mean_BF.size(0), variable.num_ticks,
                                     variable.num_cells};
  const auto shaped = [&](const at::Tensor& x, std::vector<int64_t> tail) {
    tail.insert(tail.begin(), lead.begin(), lead.end());
    return x.to(sum_SFF_.device(), at::kFloat).reshape(tail);
  };
  const auto mean =
      shaped(posteriors.mean_BF.narrow(1, first->begin, count * variable.size), {1, variable.size});
  if (variable.kind == Kind::kCategory) return Categorical{mean.squeeze(3).clamp_min(1e-3).log()};
  const auto begin = posteriors.block.begin() + (first - features_.begin());
  const auto covariance =
      at::stack(std::vector<at::Tensor>(begin, begin + count), 1);  // [B, count, size, size]
  const auto factor = shaped(at::linalg_cholesky(covariance), {variable.size, variable.size});
  return GaussianMixture{.logits = mean.new_zeros(lead).unsqueeze(3),
                         .mean = mean * variable.scale + variable.center,
                         .scale = at::full_like(mean, std::sqrt(config_.ridge) * variable.scale),
                         .factor = factor * variable.scale,
                         .transform = variable.transform};
}

Marginals Gaussian::marginals(const Episodes& episodes, const Question& question) {
  const Posteriors given = posteriors(apart(episodes), apart(question.roles.observed_BTV));
  Marginals result(schema_.size(), Categorical{});
  for (int64_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].access != Access::kCortex) continue;
    result[i] = marginal(i, given);
    if (!is_alone()) continue;
    const int64_t kept = episodes.value[i].size(1);
    const auto again = [&](at::Tensor& x) { x = ticks_again(x, num_ticks_, kept); };
    if (auto* choice = std::get_if<Categorical>(&result[i])) again(choice->logits);
    if (auto* mixture = std::get_if<GaussianMixture>(&result[i])) {
      for (at::Tensor* x : {&mixture->logits, &mixture->mean, &mixture->scale, &mixture->factor})
        again(*x);
    }
  }
  return result;
}

at::Tensor Gaussian::think(const Episodes& whole, const Question& question) {
  const at::Tensor& observed_BTV = question.roles.observed_BTV;
  const Episodes episodes = apart(whole);
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto looked_at = [&](const at::Tensor& cells_BTV) {
    const auto present_BF = tabulate(episodes, cells_BTV).present_BF;
    return config_.silence ? present_BF * value_BF.ne(0) : present_BF;
  };
  const auto ready = [&](const at::Tensor& x) { return x.to(sum_SFF_.device(), at::kFloat); };
  const Belief all = belief();
  if (is_alone()) {
    const auto observed_BF = looked_at(apart(observed_BTV));
    const auto thought =
        at::cat({expected(all, value_BF, observed_BF), value_BF * observed_BF}, 1).unsqueeze(1);
    return ready(ticks_again(thought, num_ticks_, num_ticks_));
  }
  std::vector<at::Tensor> thoughts;
  for (int64_t tick = 0; tick < num_ticks_; ++tick) {
    auto seen_BTV = observed_BTV.clone();
    seen_BTV.narrow(1, tick + 1, num_ticks_ - tick - 1).fill_(false);
    thoughts.push_back(expected(all, value_BF, looked_at(seen_BTV)));
  }
  return ready(at::stack(thoughts, 1));
}

}  // namespace limbic::brain
