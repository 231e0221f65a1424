#include "limbic/evals/oracle_gap.h"

#include <ATen/ATen.h>

#include <cmath>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/inference/score.h"
#include "limbic/worlds/mask_lot.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {
namespace {

worlds::Roles draw_roles(const OracleGapConfig& config, const worlds::Episodes& episodes,
                         const worlds::Schema& schema, const Stream& stream) {
  at::Tensor observed_BTV = observable(episodes, schema, config.given);
  if (!config.given)
    observed_BTV = stream.uniform(observed_BTV.sizes()).lt(config.rate).logical_and(observed_BTV);
  return worlds::ask_the_rest(episodes, schema, observed_BTV);
}

// Rows whose mask is of the part that the config speaks of: [B] bool.
at::Tensor belongs(const OracleGapConfig& config, const at::Tensor& observed_BTV) {
  const at::Tensor never_B = worlds::mask_lots(observed_BTV).lt(config.never);
  if (config.masks == MaskPart::kAny) return at::ones_like(never_B);
  return config.masks == MaskPart::kNever ? never_B : never_B.logical_not();
}

// One asked cell of each row, any of them.
at::Tensor one_of(const at::Tensor& asked_BTV, const Stream& stream) {
  return asked_BTV.logical_and(worlds::random_order(asked_BTV, stream).eq(0));
}

// Of all rows that ask about something: [n] float64 each.
struct Rows {
  std::vector<at::Tensor> cortex, exact, dimensions, disagreement;
};

}  // namespace

OracleGap::OracleGap(OracleGapConfig config) : config_(std::move(config)) {}

void OracleGap::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  check_held_out(config_.held_out, world);
  if (!world.oracle())
    throw input_error("oracle_gap: this world has no oracle, so nobody knows its exact answers");
  const worlds::Episodes one =
      world.draw({.regime = config_.held_out.regime.text, .num_rows = 1}, Stream(0));
  (void)observable(one, world.schema(), config_.given);
}

std::vector<std::string> OracleGap::keys(const worlds::World&) const {
  return {"", "cortex", "disagreement", "error", "exact"};
}

Results OracleGap::run(brain::Brain& brain, const worlds::World& world, const Stream& stream,
                       at::Device device) const {
  const at::NoGradGuard no_grad;
  Rows rows;
  const auto visit = [&](const worlds::Episodes& episodes, const Stream& own) {
    worlds::Roles roles = draw_roles(config_, episodes, world.schema(), own.child("mask"));
    const at::Tensor belongs_B = belongs(config_, roles.observed_BTV);
    roles.asked_BTV = roles.asked_BTV.logical_and(belongs_B.view({-1, 1, 1}));
    if (config_.one_pass) roles.asked_BTV = one_of(roles.asked_BTV, own.child("one"));
    const auto said = inference::score(brain.cortex(), world.schema(), episodes, roles,
                                       config_.orders, own.child("order"));
    const at::Tensor asks = said.dimensions_B.gt(0).nonzero().squeeze(1);
    rows.cortex.push_back(said.log_prob_B.index_select(0, asks));
    rows.exact.push_back(world.oracle()->log_prob(episodes, roles).index_select(0, asks));
    rows.dimensions.push_back(said.dimensions_B.index_select(0, asks));
    rows.disagreement.push_back(said.disagreement_B.index_select(0, asks));
  };
  each_batch(config_.held_out, world, stream, device, visit);
  const at::Tensor cortex = at::cat(rows.cortex), exact = at::cat(rows.exact);
  const double dimensions = at::cat(rows.dimensions).mean().item<double>();
  const at::Tensor gap = exact - cortex;
  const auto count = static_cast<double>(gap.numel());
  return {{"", gap.mean().item<double>() / dimensions},
          {"error", gap.std().item<double>() / std::sqrt(count) / dimensions},
          {"cortex", -cortex.mean().item<double>()},
          {"exact", -exact.mean().item<double>()},
          {"disagreement", at::cat(rows.disagreement).mean().item<double>()}};
}

}  // namespace limbic::evals
