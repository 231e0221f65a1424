#include "limbic/worlds/gaussian_oracle.h"

#include <c10/util/Exception.h>

#include <cmath>
#include <numbers>
#include <utility>

namespace limbic::worlds {
namespace {

std::vector<int64_t> cells_that_are(bool known, std::span<const uint8_t> flags) {
  std::vector<int64_t> cells;
  for (int64_t i = 0; i < std::ssize(flags); ++i) {
    if ((flags[i] != 0) == known) cells.push_back(i);
  }
  return cells;
}

}  // namespace

/// Lower triangular factor over some cells, in their order.
struct GaussianOracle::Factor {
  std::vector<int64_t> cell;
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
  /// z of the first `count` cells, of which a row has the numbers.
  [[nodiscard]] std::vector<double> known_z(size_t count, std::span<const double> row,
                                            const std::vector<double>& mean) const {
    std::vector<double> z(size());
    for (size_t i = 0; i < count; ++i) {
      const double expected = mean[cell[i]] + told(i, z);
      z[i] = (row[cell[i]] - expected) / at(i, i);
    }
    return z;
  }
};

GaussianOracle::GaussianOracle(const Schema& schema, std::vector<double> mean,
                               std::vector<double> covariance)
    : RowOracle(schema), mean_(std::move(mean)), covariance_(std::move(covariance)) {
  const size_t num_cells = schema.num_cells();
  TORCH_CHECK(mean_.size() == num_cells && covariance_.size() == num_cells * num_cells,
              "a schema of ", num_cells, " cells needs as many means, got ", mean_.size(), " and ",
              covariance_.size(), " covariances");
}

GaussianOracle::Factor GaussianOracle::factor(const std::vector<int64_t>& cells) const {
  Factor factor{cells, std::vector<double>(cells.size() * cells.size(), 0.0)};
  for (size_t i = 0; i < factor.size(); ++i) {
    for (size_t j = 0; j <= i; ++j) {
      double rest = covariance_[cells[i] * std::ssize(mean_) + cells[j]];
      for (size_t k = 0; k < j; ++k) rest -= factor.at(i, k) * factor.at(j, k);
      TORCH_CHECK(i != j || rest > 0, "the covariance is not positive definite");
      factor.at(i, j) = i == j ? std::sqrt(rest) : rest / factor.at(j, j);
    }
  }
  return factor;
}

double GaussianOracle::log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const {
  const Factor factor = this->factor(cells_that_are(true, known));
  const std::vector<double> z = factor.known_z(factor.size(), row, mean_);
  double sum = 0;
  for (size_t i = 0; i < factor.size(); ++i)
    sum -= 0.5 * (z[i] * z[i] + std::log(2 * std::numbers::pi)) + std::log(factor.at(i, i));
  return sum;
}

RowOracle::Completion GaussianOracle::completion(const std::vector<double>& row,
                                                 const std::vector<uint8_t>& known) const {
  std::vector<int64_t> cells = cells_that_are(true, known);
  const size_t num_known = cells.size();
  for (const int64_t cell : cells_that_are(false, known)) cells.push_back(cell);
  const Factor factor = this->factor(cells);
  const std::vector<double> known_z = factor.known_z(num_known, row, mean_);
  return [this, factor, num_known, known_z](std::span<double> completed, const Stream& stream) {
    std::vector<double> z = known_z;
    for (size_t i = num_known; i < factor.size(); ++i) {
      const int64_t cell = factor.cell[i];
      z[i] = stream.normal(cell);
      completed[cell] = mean_[cell] + factor.told(i, z) + factor.at(i, i) * z[i];
    }
  };
}

}  // namespace limbic::worlds
