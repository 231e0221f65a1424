#include "limbic/brain/cortex/gaussian.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/brain/cortex/heads.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;

Gaussian::Gaussian(const GaussianConfig& config, const worlds::Schema& schema) : config_(config), schema_(schema) {
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
    auto value = episodes.value[feature.variable].select(1, feature.tick).select(1, feature.cell).cpu();
    if (variable.kind == Kind::kCategory) {
      value = at::one_hot(value, variable.size).to(at::kDouble);
    } else {
      value = ((value.to(at::kDouble) - variable.center) / variable.scale).reshape({rows, feature.size});
    }
    const auto there = cells_BTV.select(1, feature.tick).select(1, schema_.offset(feature.variable) + feature.cell);
    values.push_back(value);
    present.push_back(there.to(at::kDouble).unsqueeze(1).expand({rows, feature.size}));
  }
  const auto mask = at::cat(present, 1);
  return {at::cat(values, 1) * mask, mask};
}

OwnRule::Statistics Gaussian::observe(const Episodes& episodes) const {
  const auto [value_BF, present_BF] = tabulate(episodes, episodes.present_BTV);
  return {value_BF.t().matmul(present_BF), value_BF.t().matmul(value_BF), present_BF.t().matmul(present_BF)};
}

void Gaussian::learn(const std::vector<Statistics>& chunks) {
  for (const Statistics& chunk : chunks) {
    sum_FF_.add_(chunk[0]);
    product_FF_.add_(chunk[1]);
    count_FF_.add_(chunk[2]);
  }
}

Gaussian::Belief Gaussian::belief() const {
  const auto identity = at::eye(num_features_, at::kDouble);
  const auto pairs = count_FF_.clamp_min(1);
  const auto mean_FF = sum_FF_ / pairs;
  const auto covariance = product_FF_ / pairs - mean_FF * mean_FF.t();
  const auto shrunk = (count_FF_ * covariance + identity) / (count_FF_ + 1);
  const auto own_count = count_FF_.diagonal();
  return {sum_FF_.diagonal() / (own_count + config_.ridge), shrunk + config_.ridge * identity};
}

Gaussian::Belief Gaussian::condition(const Belief& prior, const at::Tensor& value_F, const at::Tensor& observed_F) const {
  const auto index = observed_F.nonzero().squeeze(1);
  if (index.numel() == 0) return prior;
  const auto across = prior.covariance_FF.index_select(1, index);  // [F, o]
  const auto inner = across.index_select(0, index) + config_.ridge * at::eye(index.numel(), at::kDouble);
  const auto gain = at::cholesky_solve(across.t(), at::linalg_cholesky(inner)).t();
  const auto surprise = (value_F - prior.mean_F).index_select(0, index);
  return {prior.mean_F + gain.matmul(surprise), prior.covariance_FF - gain.matmul(across.t())};
}

double Gaussian::cell_log_prob(const Belief& posterior, const Feature& feature, const at::Tensor& value_F) const {
  const auto mean = posterior.mean_F.narrow(0, feature.begin, feature.size);
  const auto value = value_F.narrow(0, feature.begin, feature.size);
  const auto& variable = schema_[feature.variable];
  if (variable.kind == Kind::kCategory) {
    const auto probability = mean.clamp_min(1e-3);
    return (probability / probability.sum()).dot(value).log().item<double>();
  }
  const auto block = posterior.covariance_FF.narrow(0, feature.begin, feature.size).narrow(1, feature.begin, feature.size);
  const auto chol = at::linalg_cholesky(block + config_.ridge * at::eye(feature.size, at::kDouble));
  const auto white = at::linalg_solve_triangular(chol, (value - mean).unsqueeze(1), /*upper=*/false);
  const auto size = static_cast<double>(feature.size);
  return -0.5 * white.square().sum().item<double>() - chol.diagonal().log().sum().item<double>() -
         size * (0.5 * std::log(2 * M_PI) + std::log(variable.scale));
}

at::Tensor Gaussian::log_prob(const Episodes& episodes, const Roles& roles, const at::Tensor& rank_BTV) {
  auto result = at::zeros(roles.asked_BTV.sizes(), at::kDouble);
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, roles.observed_BTV).present_BF;
  const Belief prior = belief();
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const auto value_F = value_BF[row];
    const Belief given = condition(prior, value_F, observed_BF[row]);
    const auto place = [&](const Feature& f) { return std::array{f.tick, schema_.offset(f.variable) + f.cell}; };
    const auto at_cell = [&](const at::Tensor& tensor, const Feature& f) { return tensor[row][place(f)[0]][place(f)[1]]; };
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
  return result.to(at::kFloat);
}

Marginals Gaussian::marginals(const Episodes& episodes, const Roles& roles) {
  const auto value_BF = tabulate(episodes, episodes.present_BTV).value_BF;
  const auto observed_BF = tabulate(episodes, roles.observed_BTV).present_BF;
  const Belief prior = belief();
  std::vector<at::Tensor> means, variances;
  for (int64_t row = 0; row < episodes.num_rows(); ++row) {
    const Belief given = condition(prior, value_BF[row], observed_BF[row]);
    means.push_back(given.mean_F);
    variances.push_back(given.covariance_FF.diagonal() + config_.ridge);
  }
  const auto mean_BF = at::stack(means);
  const auto deviation_BF = at::stack(variances).sqrt();
  Marginals result(schema_.size(), Categorical{});
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != Access::kCortex) continue;
    const auto first = std::find_if(features_.begin(), features_.end(), [&](const Feature& f) { return f.variable == i; });
    const int64_t width = variable.num_ticks * variable.num_cells * variable.size;
    const std::vector<int64_t> shape = {episodes.num_rows(), variable.num_ticks, variable.num_cells, variable.size};
    const auto mean = mean_BF.narrow(1, first->begin, width).reshape(shape).to(at::kFloat);
    if (variable.kind == Kind::kCategory) {
      result[i] = Categorical{mean.clamp_min(1e-3).log()};
      continue;
    }
    const auto deviation = deviation_BF.narrow(1, first->begin, width).reshape(shape).to(at::kFloat);
    auto lead = shape;
    lead.back() = 1;
    auto no_factor = shape;
    no_factor.push_back(0);
    result[i] = GaussianMixture{at::zeros(lead), (mean * variable.scale + variable.center).unsqueeze(3),
                                (deviation * variable.scale).unsqueeze(3), at::zeros(no_factor)};
  }
  return result;
}

// Cell by cell in the order of the schema, each given what is observed and drawn so far.
Episodes Gaussian::sample(const Episodes& episodes, const Roles& roles, const Dials& dials, const Stream& stream) {
  Episodes drawn = episodes;
  for (auto& column : drawn.value) column = column.clone();
  Roles so_far{roles.observed_BTV.clone(), roles.asked_BTV};
  for (const Feature& feature : features_) {
    const int64_t cell = schema_.offset(feature.variable) + feature.cell;
    const auto hidden_B = roles.asked_BTV.logical_and(roles.observed_BTV.logical_not()).select(1, feature.tick).select(1, cell);
    const auto& variable = schema_[feature.variable];
    const auto marginal = marginals(drawn, so_far)[feature.variable];
    const auto all = limbic::brain::sample(marginal, variable, dials.temperature, stream.child(variable.name).at(feature.tick).at(feature.cell));
    auto column = drawn.value[feature.variable].select(1, feature.tick).select(1, feature.cell);
    const auto fresh = all.select(1, feature.tick).select(1, feature.cell);
    const auto where = variable.kind == Kind::kVector ? hidden_B.unsqueeze(1) : hidden_B;
    column.copy_(at::where(where, fresh.to(column.scalar_type()), column));
    so_far.observed_BTV.select(1, feature.tick).select(1, cell).logical_or_(hidden_B);
    drawn.present_BTV = drawn.present_BTV.logical_or(so_far.observed_BTV);
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
    for (int64_t row = 0; row < episodes.num_rows(); ++row) rows.push_back(condition(prior, value_BF[row], observed_BF[row]).mean_F);
    thoughts.push_back(at::stack(rows));
  }
  return at::stack(thoughts, 1).to(at::kFloat);
}

}  // namespace limbic::brain
