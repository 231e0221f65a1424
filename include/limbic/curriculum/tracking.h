#pragma once

#include <map>
#include <span>
#include <string>
#include <vector>

#include "limbic/curriculum/condition.h"
#include "limbic/curriculum/decision.h"
#include "limbic/curriculum/state.h"

namespace limbic::curriculum {

/// Metrics by name, as "eval/word_only.auroc".
using Metrics = std::map<std::string, double>;

/// What a condition can see at one step.
struct StepMetrics {
  int64_t stage_step = 0;
  const Metrics& fresh;  // only what was evaluated at this very step
};

/// Moves the tracks on, one per leaf in order, and says whether the condition holds now.
///
///   below, above  streak + 1 if the fresh value is there, else 0; NaN never is
///   plateau       streak + 1 if the fresh value does not better the best one, else 0; a value that
///                 is not finite sets 0 and is never the best
/// Tracks without a fresh value keep their streak, so what held keeps holding in between.
bool observe(const Condition& condition, const StepMetrics& metrics, std::span<Track> tracks);

/// The leaves as they stand after observe().
std::vector<Measurement> measure(const Condition& condition, const StepMetrics& metrics,
                                 std::span<const Track> tracks);

}  // namespace limbic::curriculum
