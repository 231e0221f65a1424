#include "limbic/evals/oracle_gap.h"

#include <ATen/ATen.h>

#include <cmath>
#include <numeric>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/inference/score.h"
#include "limbic/worlds/mask_lot.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {
namespace {

// What is asked of a row at each of some moments: [N, T, V] bool.
struct MaskPair {
  at::Tensor given_NTV, asked_NTV;
};

std::vector<config::Located> globs_of(const OracleGapConfig& config) {
  std::vector<config::Located> globs = config.given.value_or(std::vector<config::Located>{});
  if (config.asked) globs.insert(globs.end(), config.asked->begin(), config.asked->end());
  return globs;
}

MaskPair masks_of(const OracleGapConfig& config, const worlds::Schema& schema) {
  const int64_t moments = worlds::num_moments(schema, globs_of(config));
  std::vector<int64_t> ticks = config.ticks;
  if (ticks.empty()) {
    ticks.resize(moments);
    std::iota(ticks.begin(), ticks.end(), 0);
  }
  const at::Tensor all_TV = at::ones({schema.num_ticks(), schema.num_cells()}, at::kBool);
  std::vector<at::Tensor> given, asked;
  for (const int64_t now : ticks) {
    if (now < 0 || now >= moments)
      throw input_error("oracle_gap: ticks must be 0 to ", moments - 1, ", got ", now);
    given.push_back(config.given ? worlds::select_cells(schema, *config.given, now) : all_TV);
    asked.push_back(config.asked ? worlds::select_cells(schema, *config.asked, now) : all_TV);
  }
  return {at::stack(given), at::stack(asked)};
}

worlds::Roles draw_roles(const OracleGapConfig& config, const worlds::Episodes& episodes,
                         const worlds::Schema& schema, const Stream& stream) {
  const MaskPair masks = masks_of(config, schema);
  const at::Tensor moment_B =
      (stream.child("moment").uniform({episodes.num_rows()}) * masks.given_NTV.size(0))
          .to(at::kLong);
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  at::Tensor observed_BTV = visible_BTV.logical_and(masks.given_NTV.index_select(0, moment_B));
  if (!config.given)
    observed_BTV = stream.uniform(observed_BTV.sizes()).lt(config.rate).logical_and(observed_BTV);
  worlds::Roles roles = worlds::ask_the_rest(episodes, schema, observed_BTV);
  roles.asked_BTV = roles.asked_BTV.logical_and(masks.asked_NTV.index_select(0, moment_B));
  return roles;
}

// A masks that no row can ask: whatever the cortex sees of what is asked is given.
void refuse_to_ask_nothing(const OracleGapConfig& config, const worlds::Schema& schema) {
  const MaskPair masks = masks_of(config, schema);
  const at::Tensor hidden_NTV = masks.asked_NTV.logical_and(masks.given_NTV.logical_not());
  if (!config.given || hidden_NTV.logical_and(worlds::cortical_cells(schema)).any().item<bool>())
    return;
  config::refuse(globs_of(config).front().mark, "all that might be asked is given");
}

// Rows whose mask is of the part that the config speaks of: [B] bool.
at::Tensor belongs(const OracleGapConfig& config, const at::Tensor& observed_BTV) {
  if (config.masks == MaskPart::kAny) return at::ones({observed_BTV.size(0)}, at::kBool);
  const at::Tensor never_B = worlds::mask_lots(observed_BTV).lt(config.never);
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

Results results_of(const Rows& rows, int64_t orders) {
  const at::Tensor cortex = at::cat(rows.cortex), exact = at::cat(rows.exact);
  const at::Tensor gap = exact - cortex, dimensions = at::cat(rows.dimensions);
  const double mean_dimensions = dimensions.mean().item<double>();
  const double ratio = gap.mean().item<double>() / mean_dimensions;
  // The error of a ratio, since rows differ in how much they ask.
  const double deviation = (gap - ratio * dimensions).std().item<double>();
  const double root = std::sqrt(static_cast<double>(gap.numel()));
  Results results{{"", ratio},
                  {"error", deviation / root / mean_dimensions},
                  {"cortex", 0.0 - cortex.mean().item<double>()},  // no -0
                  {"exact", 0.0 - exact.mean().item<double>()}};
  if (orders > 1) results["disagreement"] = at::cat(rows.disagreement).mean().item<double>();
  return results;
}

}  // namespace

void OracleGapConfig::check(config::Reader& reader, const config::Node& node) const {
  if (masks != MaskPart::kAny && never == 0)
    reader.problem(node.mark, "masks: drawn and never need the `never` of the loss");
  if (masks != MaskPart::kAny && !one_pass)
    reader.problem_at(node, "masks",
                      "masks: a joint answer sees many masks on its way, so drawn and never need "
                      "one_pass: true");
  if (one_pass && orders > 1)
    reader.problem_at(node, "orders", "one cell has one order, so orders go with joint answers");
  if (masks == MaskPart::kAny && never > 0)
    reader.problem_at(node, "never", "never goes with masks: drawn or never, and these are any");
  if (given && rate != OracleGapConfig{}.rate)
    reader.problem_at(node, "rate", "rate says what is observed where `given` does not");
  if (!given && rate == 1)
    reader.problem_at(node, "rate", "a rate of 1 observes every cell, so nothing is asked");
  if (asked && asked->empty()) reader.problem_at(node, "asked", "asked names nothing");
}

std::vector<config::Reported> OracleGapConfig::reported() {
  using config::Direction;
  return {{"", Direction::kLower, "mean of log p exact - log p cortex [nats a hidden dimension]"},
          {"error", {}, "one standard error of it [nats a hidden dimension]"},
          {"cortex", Direction::kLower, "mean -log p of the cortex [nats a row]"},
          {"exact", {}, "mean -log p of the oracle [nats a row]"},
          {"disagreement", Direction::kLower,
           "mean deviation of log p over `orders` [nats a hidden dimension]"}};
}

OracleGap::OracleGap(OracleGapConfig config) : config_(std::move(config)) {}

void OracleGap::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  check_held_out(config_.held_out, world);
  if (!world.oracle())
    throw input_error("oracle_gap: this world has no oracle, so nobody knows its exact answers");
  refuse_to_ask_nothing(config_, world.schema());
}

std::vector<std::string> OracleGap::keys(const worlds::World&) const {
  std::vector<std::string> keys{"", "cortex", "error", "exact"};
  if (config_.orders > 1) keys.emplace_back("disagreement");
  return keys;
}

Results OracleGap::run(brain::Brain& brain, const EpisodeSource& source) const {
  const worlds::World& world = source.world;
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
  each_batch(config_.held_out, source, visit);
  return results_of(rows, config_.orders);
}

}  // namespace limbic::evals
