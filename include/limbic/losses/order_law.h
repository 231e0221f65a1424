#pragma once

#include <ATen/core/Tensor.h>

#include <array>
#include <utility>
#include <vector>

#include "limbic/config/fields.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/schema.h"

namespace limbic::losses {

enum class OrderKind { kRandom, kTicks };

constexpr auto enum_names(OrderKind) {
  return std::array{std::pair{"random", OrderKind::kRandom}, std::pair{"ticks", OrderKind::kTicks}};
}

/// YAML: one item of a loss's `orders`.
struct OrderLawConfig {
  OrderKind law = OrderKind::kRandom;
  double share = 1.0;
  std::vector<config::Located> first = {};

  static void fields(auto& self, auto&& field) {
    field("law", self.law, "random; ticks: those of a tick before those of the next");
    field("share", self.share, config::within(0.0, 1e6), "how often, relative to the other laws");
    field("first", self.first,
          "globs of variables, modalities or cells that come before all others");
  }
};

/// Draws the order in which a joint answer goes through the cells that are asked: one law a chunk,
/// and by it an order a row. What a law says nothing of is random.
///
/// Threads pure.
class OrderLaw {
 public:
  /// REQUIRES: a law with a share, or none at all.
  /// Errors  ConfigError at the place of a glob that matches nothing the cortex sees or speaks of a
  ///         moment.
  OrderLaw(const std::vector<OrderLawConfig>& laws, const worlds::Schema& schema);

  /// Ranks 0, 1, ... of each row's cells, those asked before all others: [B, T, V] int64.
  [[nodiscard]] at::Tensor draw(const at::Tensor& asked_BTV, const Stream& stream) const;

 private:
  std::vector<double> shares_;
  std::vector<at::Tensor> groups_TV_;  // a law's, int64: cells of a lower group come first
};

}  // namespace limbic::losses
