#include "limbic/losses/order_law.h"

#include <ATen/ATen.h>

#include "limbic/config/problems.h"
#include "limbic/worlds/choice.h"
#include "limbic/worlds/selection.h"

namespace limbic::losses {
namespace {

at::Tensor groups_of(const OrderLawConfig& config, const worlds::Schema& schema) {
  auto group_TV = at::ones({schema.num_ticks(), schema.num_cells()}, at::kLong);
  if (config.law == OrderKind::kTicks) group_TV += at::arange(schema.num_ticks()).unsqueeze(1);
  if (config.first.empty()) return group_TV;
  return group_TV.masked_fill(worlds::select_cells(schema, config.first), 0);
}

}  // namespace

OrderLaw::OrderLaw(const std::vector<OrderLawConfig>& laws, const worlds::Schema& schema) {
  config::Problems problems;
  for (const OrderLawConfig& config : laws) {
    for (const config::Located& glob : config.first)
      if (worlds::names_moment(schema, glob))
        problems.add(glob.mark,
                     "an order has no moment: " + glob.text + " may be a tick, as in @3");
  }
  problems.raise();
  for (const OrderLawConfig& config : laws) {
    shares_.push_back(config.share);
    groups_TV_.push_back(groups_of(config, schema));
  }
}

at::Tensor OrderLaw::draw(const at::Tensor& asked_BTV, const Stream& stream) const {
  if (shares_.empty()) return worlds::random_order(asked_BTV, stream);
  const auto& group_TV = groups_TV_[worlds::choose(shares_, stream.child("law").uniform(0))];
  const auto after_all = at::full_like(group_TV, group_TV.numel() + 1);
  return worlds::random_order_of_groups(at::where(asked_BTV, group_TV, after_all), stream);
}

}  // namespace limbic::losses
