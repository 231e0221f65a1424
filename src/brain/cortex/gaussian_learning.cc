#include <ATen/ATen.h>

#include <array>
#include <cmath>

#include "limbic/brain/cortex/gaussian.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Episodes;
using worlds::Kind;

namespace {

// Sums over pairs that were seen in different rows may make no covariance: then the nearest one.
at::Tensor made_positive(const at::Tensor& covariance_SFF) {
  const auto is_bad_S = std::get<1>(at::linalg_cholesky_ex(covariance_SFF)).ne(0);
  if (!is_bad_S.any().item<bool>()) return covariance_SFF;
  const auto [values, vectors] = at::linalg_eigh(covariance_SFF);
  const auto nearest = (vectors * values.clamp_min(0).unsqueeze(1)).matmul(vectors.mT());
  return at::where(is_bad_S.view({-1, 1, 1}), nearest, covariance_SFF);
}

}  // namespace

Gaussian::Table Gaussian::tabulate(const Episodes& episodes, const at::Tensor& cells_BTV) const {
  std::vector<at::Tensor> values, present;
  const int64_t rows = episodes.num_rows();
  for (const Feature& feature : features_) {
    const worlds::Site& site = feature.site;
    const auto& variable = schema_[site.variable];
    auto value = episodes.value[site.variable].select(1, site.tick).select(1, site.cell).cpu();
    if (variable.kind == Kind::kCategory) {
      value = at::one_hot(value, variable.size).to(at::kDouble);
    } else {
      value = worlds::standard_units(variable, value.to(at::kDouble)).reshape({rows, feature.size});
    }
    const auto there = cells_BTV.select(1, site.tick).select(1, site.row_cell);
    values.push_back(value);
    present.push_back(there.to(at::kDouble).unsqueeze(1).expand({rows, feature.size}));
  }
  const auto mask = at::cat(present, 1);
  return {at::cat(values, 1) * mask, mask};
}

OwnRule::Statistics Gaussian::observe(const Episodes& episodes, const Signals& /*signals*/) const {
  const Episodes rows = apart(episodes);
  const int64_t of_each = episodes.num_rows() / num_subjects();
  TORCH_CHECK(of_each * num_subjects() == episodes.num_rows(), episodes.num_rows(), " rows of ",
              num_subjects(), " subjects");
  const auto [value_BF, present_BF] = tabulate(rows, rows.present_BTV);
  const auto by_subject = [&](const at::Tensor& x_BF) {  // [S, rows, F]
    return x_BF.view({of_each, num_subjects(), -1, num_features_})
        .transpose(0, 1)
        .reshape({num_subjects(), -1, num_features_});
  };
  const auto value = by_subject(value_BF), present = by_subject(present_BF);
  return {value.mT().matmul(present), value.mT().matmul(value), present.mT().matmul(present),
          at::scalar_tensor(of_each, at::kDouble)};
}

void Gaussian::learn(const std::vector<Statistics>& chunks) {
  const std::array<at::Tensor, 3> sums{sum_SFF_, product_SFF_, count_SFF_};
  for (const Statistics& chunk : chunks) {
    for (size_t i = 0; i < sums.size(); ++i) {
      if (config_.memory < 1) sums[i].mul_(std::pow(config_.memory, chunk[3].item<double>()));
      sums[i].add_(chunk[i].to(sums[i].device()));
    }
  }
}

Gaussian::Belief Gaussian::belief() const {
  const auto sum_SFF = sum_SFF_.cpu(), count_SFF = count_SFF_.cpu();
  const auto identity = at::eye(num_features_, at::kDouble);
  const auto pairs = count_SFF.clamp_min(1e-12);  // a memory leaves parts of a pair
  const auto mean_SFF = sum_SFF / pairs;
  const auto covariance = product_SFF_.cpu() / pairs - mean_SFF * mean_SFF.mT();
  const auto shrunk = (count_SFF * covariance + identity) / (count_SFF + 1);
  const auto own_count = count_SFF.diagonal(0, 1, 2);
  return {sum_SFF.diagonal(0, 1, 2) / (own_count + config_.ridge),
          made_positive(shrunk) + config_.ridge * identity};
}

}  // namespace limbic::brain
