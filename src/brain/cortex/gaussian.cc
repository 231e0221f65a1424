#include "limbic/brain/cortex/gaussian.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "limbic/brain/cortex/heads.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;

namespace {

// Sums over pairs that were seen in different rows may make no covariance: then the nearest one.
at::Tensor made_positive(const at::Tensor& covariance) {
  if (std::get<1>(at::linalg_cholesky_ex(covariance)).item<int>() == 0) return covariance;
  const auto [values, vectors] = at::linalg_eigh(covariance);
  return (vectors * values.clamp_min(0)).matmul(vectors.t());
}

at::Tensor block_of(const at::Tensor& covariance_FF, int64_t begin, int64_t size) {
  return covariance_FF.narrow(0, begin, size).narrow(1, begin, size);
}

}  // namespace

Gaussian::Gaussian(const GaussianConfig& config, const worlds::Schema& schema)
    : config_(config), schema_(schema) {
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& variable = schema[i];
    if (variable.access != Access::kCortex) continue;
    for (int64_t tick = 0; tick < variable.num_ticks; ++tick) {
      for (int64_t cell = 0; cell < variable.num_cells; ++cell) {
        features_.push_back({i, tick, cell, num_features_, variable.size});
        num_features_ += variable.size;
      }
    }
  }
  const auto zeros = at::zeros({num_features_, num_features_}, at::kDouble);
  sum_FF_ = register_buffer("sum", zeros.clone());
  product_FF_ = register_buffer("product", zeros.clone());
  count_FF_ = register_buffer("count", zeros.clone());
}

Gaussian::Table Gaussian::tabulate(const Episodes& episodes, const at::Tensor& cells_BTV) const {
  std::vector<at::Tensor> values, present;
  const int64_t rows = episodes.num_rows();
  for (const Feature& feature : features_) {
    const auto& variable = schema_[feature.variable];
    auto value =
        episodes.value[feature.variable].select(1, feature.tick).select(1, feature.cell).cpu();
    if (variable.kind == Kind::kCategory) {
      value = at::one_hot(value, variable.size).to(at::kDouble);
    } else {
      value = ((value.to(at::kDouble) - variable.center) / variable.scale)
                  .reshape({rows, feature.size});
    }
    const auto there = cells_BTV.select(1, feature.tick)
                           .select(1, schema_.offset(feature.variable) + feature.cell);
    values.push_back(value);
    present.push_back(there.to(at::kDouble).unsqueeze(1).expand({rows, feature.size}));
  }
  const auto mask = at::cat(present, 1);
  return {at::cat(values, 1) * mask, mask};
}

OwnRule::Statistics Gaussian::observe(const Episodes& episodes) const {
  const auto [value_BF, present_BF] = tabulate(episodes, episodes.present_BTV);
  return {value_BF.t().matmul(present_BF), value_BF.t().matmul(value_BF),
          present_BF.t().matmul(present_BF)};
}

void Gaussian::learn(const std::vector<Statistics>& chunks) {
  for (const Statistics& chunk : chunks) {
    sum_FF_.add_(chunk[0].to(sum_FF_.device()));
    product_FF_.add_(chunk[1].to(sum_FF_.device()));
    count_FF_.add_(chunk[2].to(sum_FF_.device()));
  }
}

Gaussian::Belief Gaussian::belief() const {
  const auto sum_FF = sum_FF_.cpu(), count_FF = count_FF_.cpu();
  const auto identity = at::eye(num_features_, at::kDouble);
  const auto pairs = count_FF.clamp_min(1);
  const auto mean_FF = sum_FF / pairs;
  const auto covariance = product_FF_.cpu() / pairs - mean_FF * mean_FF.t();
  const auto shrunk = (count_FF * covariance + identity) / (count_FF + 1);
  const auto own_count = count_FF.diagonal();
  return {sum_FF.diagonal() / (own_count + config_.ridge),
          made_positive(shrunk) + config_.ridge * identity};
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
  const auto& variable = schema_[feature.variable];
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

at::Tensor Gaussian::log_prob(const Episodes& episodes, const Roles& roles,
                              const at::Tensor& rank_BTV) {
  auto result = at::zeros(roles.asked_BTV.sizes(), at::kDouble);
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, roles.observed_BTV).present_BF;
  const Belief prior = belief();
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const auto value_F = value_BF[row];
    const Belief given = condition(prior, value_F, observed_BF[row]);
    const auto place = [&](const Feature& f) {
      return std::array{f.tick, schema_.offset(f.variable) + f.cell};
    };
    const auto at_cell = [&](const at::Tensor& tensor, const Feature& f) {
      return tensor[row][place(f)[0]][place(f)[1]];
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
  return result.to(sum_FF_.device(), at::kFloat);
}

Gaussian::Posteriors Gaussian::posteriors(const Episodes& episodes,
                                          const at::Tensor& observed_BTV) const {
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, observed_BTV).present_BF;
  const Belief prior = belief();
  std::vector<at::Tensor> means;
  std::vector<std::vector<at::Tensor>> blocks(features_.size());
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const Belief given = condition(prior, value_BF[row], observed_BF[row]);
    means.push_back(given.mean_F);
    for (size_t f = 0; f < features_.size(); ++f) {
      if (schema_[features_[f].variable].kind == Kind::kCategory) continue;
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
  const auto first = std::ranges::find(features_, index, &Feature::variable);
  const std::vector<int64_t> lead = {posteriors.mean_BF.size(0), variable.num_ticks,
                                     variable.num_cells};
  const auto shaped = [&](const at::Tensor& x, std::vector<int64_t> tail) {
    tail.insert(tail.begin(), lead.begin(), lead.end());
    return x.to(at::kFloat).reshape(tail);
  };
  const auto mean =
      shaped(posteriors.mean_BF.narrow(1, first->begin, count * variable.size), {1, variable.size});
  if (variable.kind == Kind::kCategory) return Categorical{mean.squeeze(3).clamp_min(1e-3).log()};
  const auto begin = posteriors.block.begin() + (first - features_.begin());
  const auto covariance =
      at::stack(std::vector<at::Tensor>(begin, begin + count), 1);  // [B, count, size, size]
  const auto factor = shaped(at::linalg_cholesky(covariance), {variable.size, variable.size});
  return GaussianMixture{at::zeros(lead).unsqueeze(3), mean * variable.scale + variable.center,
                         at::full_like(mean, std::sqrt(config_.ridge) * variable.scale),
                         factor * variable.scale};
}

Marginals Gaussian::marginals(const Episodes& episodes, const Roles& roles) {
  const Posteriors given = posteriors(episodes, roles.observed_BTV);
  Marginals result(schema_.size(), Categorical{});
  for (int64_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].access == Access::kCortex) result[i] = marginal(i, given);
  }
  return result;
}

// Cell by cell in the order of the schema, each given what is observed and drawn so far.
Episodes Gaussian::sample(const Episodes& episodes, const Roles& roles, const Dials& dials,
                          const Stream& stream) {
  Episodes drawn = episodes;
  for (auto& column : drawn.value) column = column.clone();
  auto seen_BTV = roles.observed_BTV.clone();
  for (const Feature& feature : features_) {
    const auto& variable = schema_[feature.variable];
    const auto here = [&](const at::Tensor& x_BTV) {
      return x_BTV.select(1, feature.tick)
          .select(1, schema_.offset(feature.variable) + feature.cell);
    };
    const auto hidden_B = here(roles.asked_BTV).logical_and(here(roles.observed_BTV).logical_not());
    if (!hidden_B.any().item<bool>()) continue;
    const auto all = limbic::brain::sample(
        marginal(feature.variable, posteriors(drawn, seen_BTV)), variable, dials.temperature,
        stream.child(variable.name).at(feature.tick).at(feature.cell));
    auto column = drawn.value[feature.variable].select(1, feature.tick).select(1, feature.cell);
    const auto fresh = all.select(1, feature.tick).select(1, feature.cell);
    const auto where = variable.kind == Kind::kVector ? hidden_B.unsqueeze(1) : hidden_B;
    column.copy_(at::where(where, fresh.to(column.scalar_type()), column));
    here(seen_BTV).logical_or_(hidden_B);
    drawn.present_BTV = drawn.present_BTV.logical_or(seen_BTV);
  }
  return drawn;
}

at::Tensor Gaussian::think(const Episodes& episodes, const at::Tensor& observed_BTV) {
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const Belief prior = belief();
  std::vector<at::Tensor> thoughts;
  for (int64_t tick = 0; tick < schema_.num_ticks(); ++tick) {
    auto seen_BTV = observed_BTV.clone();
    seen_BTV.narrow(1, tick + 1, schema_.num_ticks() - tick - 1).fill_(false);
    const auto observed_BF = tabulate(episodes, seen_BTV).present_BF;
    std::vector<at::Tensor> rows;
    for (int64_t row = 0; row < episodes.num_rows(); ++row)
      rows.push_back(condition(prior, value_BF[row], observed_BF[row]).mean_F);
    thoughts.push_back(at::stack(rows));
  }
  return at::stack(thoughts, 1).to(sum_FF_.device(), at::kFloat);
}

}  // namespace limbic::brain
