#pragma once

#include <torch/nn/module.h>

#include <cstdint>

#include "limbic/worlds/schema.h"

namespace limbic::brain {

/// How far apart every two scalars are that a query sees both, by order of magnitude and by sign.
///
///   r = (y_i - y_j) / sqrt(scale_i scale_j), y the scalars in their variables' units
///   [log(|r| + e), asinh(64 r) / 5] of every pair, log(|z| + e) of every scalar in standard units,
///   each 0 where it is not seen; e = 1e-4
///
/// Where scales vary over orders of magnitude a slope is a ratio of such differences, which a sum
/// of their logs is.
///
/// Shapes  B rows, N numbers, S sites, n queries, as many of each row.
/// Cost    n K^2 for K scalars, so no more than kMaxScalars of them.
class PairsImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kMaxScalars = 64;

  explicit PairsImpl(const worlds::Schema& schema);

  /// Features of a query.
  [[nodiscard]] int64_t size() const { return 2 * pair_.size(1) + number_.size(0); }
  /// Of rows' numbers [B, N], as who sees everything has them: [B, size].
  [[nodiscard]] at::Tensor of_rows(const at::Tensor& numbers) const;
  /// The two sites that each feature needs, of a scalar's own the same one twice: [2, size].
  [[nodiscard]] const at::Tensor& sites() const { return sites_; }
  /// Of rows' numbers [B, N] by queries that see `sees` [n, S]: [n, size].
  [[nodiscard]] at::Tensor forward(const at::Tensor& numbers, const at::Tensor& sees) const;

 private:
  at::Tensor number_;          // [K], by name, so that the order of variables means nothing
  at::Tensor scale_, center_;  // [K]
  at::Tensor pair_;            // [2, K (K - 1) / 2], of scalars
  at::Tensor sites_;
};
TORCH_MODULE(Pairs);

}  // namespace limbic::brain
