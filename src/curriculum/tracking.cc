#include "limbic/curriculum/tracking.h"

#include <cmath>
#include <optional>

namespace limbic::curriculum {
namespace {

using Kind = Condition::Kind;

bool betters(const Condition& plateau, double value, double best) {
  const bool higher = plateau.direction == config::Direction::kHigher;
  return higher ? value > best + plateau.min_delta : value < best - plateau.min_delta;
}

void take_plateau(const Condition& condition, double value, Track& track) {
  if (!std::isfinite(value)) {
    track.streak = 0;
  } else if (!track.best || betters(condition, value, *track.best)) {
    track.best = value;
    track.streak = 0;
  } else {
    ++track.streak;
  }
}

void take(const Condition& condition, double value, Track& track) {
  track.last = value;
  if (condition.kind == Kind::kPlateau) return take_plateau(condition, value, track);
  const bool is_there =
      condition.kind == Kind::kBelow ? value < condition.threshold : value > condition.threshold;
  track.streak = is_there ? track.streak + 1 : 0;
}

std::optional<double> fresh_value(const Condition& leaf, const StepMetrics& metrics) {
  if (leaf.kind == Kind::kAfter) return std::nullopt;
  const auto found = metrics.fresh.find(leaf.metric.text);
  return found == metrics.fresh.end() ? std::nullopt : std::optional(found->second);
}

bool leaf_holds(const Condition& leaf, const StepMetrics& metrics, const Track& track) {
  return (leaf.kind == Kind::kAfter ? metrics.stage_step : track.streak) >= leaf.window;
}

/// Takes its tracks off the front of `rest`.
bool walk(const Condition& condition, const StepMetrics& metrics, std::span<Track>& rest) {
  if (condition.is_leaf()) {
    Track& track = rest.front();
    rest = rest.subspan(1);
    if (const auto value = fresh_value(condition, metrics)) take(condition, *value, track);
    return leaf_holds(condition, metrics, track);
  }
  size_t num_held = 0;
  for (const Condition& part : condition.parts) num_held += walk(part, metrics, rest) ? 1 : 0;
  return condition.kind == Kind::kAny ? num_held > 0 : num_held == condition.parts.size();
}

std::optional<double> threshold_of(const Condition& leaf, const Track& track) {
  if (leaf.kind == Kind::kPlateau) return track.best;
  if (leaf.kind == Kind::kAfter) return static_cast<double>(leaf.window);
  return leaf.threshold;
}

Measurement measured(const Condition& leaf, const StepMetrics& metrics, const Track& track) {
  const bool is_after = leaf.kind == Kind::kAfter;
  const bool is_met = leaf_holds(leaf, metrics, track);
  return {
      .condition = leaf.text(),
      .measured = is_after ? std::optional(static_cast<double>(metrics.stage_step)) : track.last,
      .threshold = threshold_of(leaf, track),
      .streak = is_after ? (is_met ? 1 : 0) : track.streak,
      .need = is_after ? 1 : leaf.window,
      .is_fresh = is_after || fresh_value(leaf, metrics).has_value(),
      .is_met = is_met};
}

}  // namespace

bool observe(const Condition& condition, const StepMetrics& metrics, std::span<Track> tracks) {
  return walk(condition, metrics, tracks);
}

std::vector<Measurement> measure(const Condition& condition, const StepMetrics& metrics,
                                 std::span<const Track> tracks) {
  std::vector<Measurement> result;
  for (const Condition* leaf : leaves(condition)) {
    result.push_back(measured(*leaf, metrics, tracks[result.size()]));
  }
  return result;
}

}  // namespace limbic::curriculum
