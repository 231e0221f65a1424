#include "limbic/worlds/gaussian_oracle.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace limbic::worlds {
namespace {

// The values of all cells of a world of one tick: [B, V] float32.
at::Tensor cells_of(const Episodes& episodes) {
  std::vector<at::Tensor> columns;
  for (const at::Tensor& value : episodes.value) columns.push_back(value.select(1, 0).cpu());
  return at::cat(columns, 1).contiguous();
}

at::Tensor bool_rows(const at::Tensor& mask_BTV) { return mask_BTV.select(1, 0).contiguous(); }

}  // namespace

/// Lower triangular factor over the cells that a row involves.
struct GaussianOracle::Factor {
  std::vector<int64_t> cell;  // observed ones first
  size_t num_observed = 0;
  std::vector<double> lower;  // [n, n]

  [[nodiscard]] size_t size() const { return cell.size(); }
  double& at(size_t i, size_t j) { return lower[i * size() + j]; }
  [[nodiscard]] double at(size_t i, size_t j) const { return lower[i * size() + j]; }
  /// What the cells before i say of cell i, given their z.
  [[nodiscard]] double told(size_t i, const std::vector<double>& z) const {
    double sum = 0;
    for (size_t j = 0; j < i; ++j) sum += at(i, j) * z[j];
    return sum;
  }
};

GaussianOracle::GaussianOracle(const Schema& schema, std::vector<double> mean,
                               std::vector<double> covariance)
    : schema_(schema), mean_(std::move(mean)), covariance_(std::move(covariance)) {
  const size_t num_cells = schema.num_cells();
  TORCH_CHECK(mean_.size() == num_cells && covariance_.size() == num_cells * num_cells,
              "a schema of ", num_cells, " cells needs as many means, got ", mean_.size(), " and ",
              covariance_.size(), " covariances");
}

GaussianOracle::Factor GaussianOracle::factor(const bool* observed, const bool* asked) const {
  Factor factor;
  const int64_t num_cells = std::ssize(mean_);
  for (int64_t i = 0; i < num_cells; ++i) {
    if (observed[i]) factor.cell.push_back(i);
  }
  factor.num_observed = factor.size();
  for (int64_t i = 0; i < num_cells; ++i) {
    if (asked[i] && !observed[i]) factor.cell.push_back(i);
  }
  factor.lower.assign(factor.size() * factor.size(), 0.0);
  for (size_t i = 0; i < factor.size(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = covariance_[factor.cell[i] * num_cells + factor.cell[j]];
      for (size_t k = 0; k < j; ++k) rest -= factor.at(i, k) * factor.at(j, k);
      TORCH_CHECK(i != j || rest > 0, "the covariance is not positive definite");
      factor.at(i, j) = i == j ? std::sqrt(rest) : rest / factor.at(j, j);
    }
  }
  return factor;
}

at::Tensor GaussianOracle::log_prob(const Episodes& episodes, const Roles& roles) const {
  const at::Tensor value_BV = cells_of(episodes);
  const at::Tensor observed_BV = bool_rows(roles.observed_BTV),
                   asked_BV = bool_rows(roles.asked_BTV);
  const int64_t num_rows = value_BV.size(0), num_cells = std::ssize(mean_);
  const at::Tensor log_prob_B = at::empty({num_rows}, at::kDouble);
  const double half_log_tau = 0.5 * std::log(2 * std::numbers::pi);
  for (int64_t row = 0; row < num_rows; ++row) {
    const float* value = value_BV.const_data_ptr<float>() + row * num_cells;
    const Factor factor = this->factor(observed_BV.const_data_ptr<bool>() + row * num_cells,
                                       asked_BV.const_data_ptr<bool>() + row * num_cells);
    std::vector<double> z(factor.size());
    double sum = 0;
    for (size_t i = 0; i < factor.size(); ++i) {
      const int64_t cell = factor.cell[i];
      z[i] = (value[cell] - mean_[cell] - factor.told(i, z)) / factor.at(i, i);
      const bool is_asked = i >= factor.num_observed;
      if (is_asked) sum -= 0.5 * z[i] * z[i] + std::log(factor.at(i, i)) + half_log_tau;
    }
    log_prob_B.mutable_data_ptr<double>()[row] = sum;
  }
  return log_prob_B;
}

Episodes GaussianOracle::sample(const Episodes& episodes, const Roles& roles,
                                const Stream& stream) const {
  const at::Tensor value_BV = cells_of(episodes).clone();
  const at::Tensor observed_BV = bool_rows(roles.observed_BTV),
                   asked_BV = bool_rows(roles.asked_BTV);
  const int64_t num_cells = std::ssize(mean_);
  for (int64_t row = 0; row < value_BV.size(0); ++row) {
    float* value = value_BV.mutable_data_ptr<float>() + row * num_cells;
    const Factor factor = this->factor(observed_BV.const_data_ptr<bool>() + row * num_cells,
                                       asked_BV.const_data_ptr<bool>() + row * num_cells);
    std::vector<double> z(factor.size());
    for (size_t i = 0; i < factor.size(); ++i) {
      const int64_t cell = factor.cell[i];
      const double expected = mean_[cell] + factor.told(i, z);
      const bool is_asked = i >= factor.num_observed;
      z[i] = is_asked ? stream.normal(row * num_cells + cell)
                      : (value[cell] - expected) / factor.at(i, i);
      if (is_asked) value[cell] = static_cast<float>(expected + factor.at(i, i) * z[i]);
    }
  }
  Episodes sampled{.value = {}, .present_BTV = episodes.present_BTV.logical_or(roles.asked_BTV)};
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const at::Tensor column = value_BV.narrow(1, schema_.offset(i), schema_[i].num_cells);
    sampled.value.push_back(column.unsqueeze(1).contiguous());
  }
  return sampled;
}

}  // namespace limbic::worlds
