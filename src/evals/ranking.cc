#include "limbic/evals/ranking.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

namespace limbic::evals {
namespace {

constexpr double kUndefined = std::numeric_limits<double>::quiet_NaN();

void check(const at::Tensor& scores, const at::Tensor& is_positive) {
  TORCH_CHECK(scores.dim() == 1 && is_positive.sizes() == scores.sizes() &&
                  is_positive.dtype() == at::kBool,
              "is_positive must be bool ", scores.sizes(), ", got ", is_positive.dtype(), " ",
              is_positive.sizes());
}

// Equal scores form one class: how many positives and how many rows each class has, lowest first.
struct Tally {
  at::Tensor positives, rows;  // [classes] float64
};

Tally tally(const at::Tensor& scores, const at::Tensor& is_positive) {
  const auto sorted = at::_unique2(scores.to(at::kCPU, at::kDouble), /*sorted=*/true,
                                   /*return_inverse=*/true, /*return_counts=*/true);
  const at::Tensor& class_of_row = std::get<1>(sorted);
  const at::Tensor rows = std::get<2>(sorted).to(at::kDouble);
  const at::Tensor ones = is_positive.to(at::kCPU, at::kDouble);
  return {at::zeros_like(rows).index_add(0, class_of_row, ones), rows};
}

}  // namespace

double auroc(const at::Tensor& scores, const at::Tensor& is_positive) {
  check(scores, is_positive);
  const Tally all = tally(scores, is_positive);
  const at::Tensor negatives = all.rows - all.positives;
  const at::Tensor below = negatives.cumsum(0) - negatives;
  const double num_pairs = (all.positives.sum() * negatives.sum()).item<double>();
  if (num_pairs == 0) return kUndefined;
  return (all.positives * (below + 0.5 * negatives)).sum().item<double>() / num_pairs;
}

double worst_auroc(const at::Tensor& scores, const at::Tensor& is_positive,
                   const at::Tensor& groups) {
  check(scores, is_positive);
  TORCH_CHECK(groups.sizes() == scores.sizes(), "groups must be ", scores.sizes(), ", got ",
              groups.sizes());
  const at::Tensor negative = is_positive.logical_not();
  const auto positive_groups = std::get<0>(at::_unique2(groups.masked_select(is_positive)));
  double worst = kUndefined;
  for (int64_t i = 0; i < positive_groups.numel(); ++i) {
    const at::Tensor own = is_positive.logical_and(groups == positive_groups[i]);
    const at::Tensor kept = own.logical_or(negative);
    worst = std::fmin(worst, auroc(scores.masked_select(kept), own.masked_select(kept)));
  }
  return worst;
}

double precision_at(int64_t k, const at::Tensor& scores, const at::Tensor& is_positive) {
  check(scores, is_positive);
  if (k > scores.numel()) return kUndefined;
  const Tally all = tally(scores, is_positive);
  const at::Tensor rows = all.rows.flip(0);
  const at::Tensor before = rows.cumsum(0) - rows;
  const at::Tensor taken = (k - before).clamp_min(0).minimum(rows);
  const at::Tensor hits = all.positives.flip(0) * taken / rows;
  return hits.sum().item<double>() / static_cast<double>(k);
}

}  // namespace limbic::evals
