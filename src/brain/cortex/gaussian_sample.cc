#include <ATen/ATen.h>

#include <limits>

#include "limbic/brain/cortex/gaussian.h"
#include "limbic/brain/cortex/heads.h"

namespace limbic::brain {

using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;

at::Tensor Gaussian::turns(const at::Tensor& hidden_BTV, const at::Tensor& rank_BTV) const {
  std::vector<at::Tensor> hidden, rank;
  for (size_t f = 0; f < features_.size(); ++f) {
    const worlds::Site& site = features_[f].site;
    hidden.push_back(hidden_BTV.select(1, site.tick).select(1, site.row_cell));
    rank.push_back(rank_BTV.defined()
                       ? rank_BTV.select(1, site.tick).select(1, site.row_cell)
                       : at::full_like(hidden.back(), static_cast<int64_t>(f), at::kLong));
  }
  const auto hidden_BF = at::stack(hidden, 1);
  const auto first =
      at::stack(rank, 1).masked_fill(hidden_BF.logical_not(), std::numeric_limits<int64_t>::max());
  return first.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/false)
      .argsort(/*dim=*/int64_t{1}, /*descending=*/false)
      .masked_fill(hidden_BF.logical_not(), -1);
}

// Cell by cell, each given what is observed and drawn so far.
Episodes Gaussian::sample(const Episodes& episodes, const Roles& whole_roles,
                          const SamplingOptions& options, const Stream& stream) {
  Episodes drawn = apart(episodes);
  for (auto& column : drawn.value) column = column.clone();
  auto seen_BTV = apart(whole_roles.observed_BTV).clone();
  const auto hidden_BTV = apart(whole_roles.asked_BTV).logical_and(seen_BTV.logical_not());
  const auto turn_BF = turns(hidden_BTV, apart(options.rank_BTV));
  const int64_t num_steps = turn_BF.numel() == 0 ? 0 : turn_BF.max().item<int64_t>() + 1;
  for (int64_t step = 0; step < num_steps; ++step) {
    const Posteriors given = posteriors(drawn, seen_BTV);
    for (size_t f = 0; f < features_.size(); ++f) {
      const worlds::Site& site = features_[f].site;
      const auto now_B = turn_BF.select(1, static_cast<int64_t>(f)).eq(step);
      if (!now_B.any().item<bool>()) continue;
      const auto& variable = schema_[site.variable];
      const auto all =
          limbic::brain::sample(marginal(site.variable, given), variable, options.temperature,
                                stream.child(variable.name).at(site.tick).at(site.cell));
      auto column = drawn.value[site.variable].select(1, site.tick).select(1, site.cell);
      const auto fresh = all.select(1, site.tick).select(1, site.cell);
      const auto where = variable.kind == Kind::kVector ? now_B.unsqueeze(1) : now_B;
      column.copy_(at::where(where.to(column.device()),
                             fresh.to(column.device(), column.scalar_type()), column));
      seen_BTV.select(1, site.tick).select(1, site.row_cell).logical_or_(now_B);
    }
    drawn.present_BTV = drawn.present_BTV.logical_or(seen_BTV);
  }
  return together(drawn, episodes);
}

}  // namespace limbic::brain
