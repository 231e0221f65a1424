#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/training/parts.h"

namespace limbic::app {

/// What a run takes of this machine.
struct Costs {
  std::optional<double> seconds_to_start = {};    // where a cortex is shown rows before any step
  std::vector<double> seconds_a_step;             // per stage
  std::map<std::string, double> seconds_an_eval;  // by name, while all are run at once
  double peak_megabytes = 0;  // of memory: all of these, a checkpoint, LibTorch and the data
};

/// Found by starting as a run does, taking a few real steps of each stage, at a rate of 0, and
/// running each eval once; nothing is written. A circuit with a rule of its own learns from those
/// steps.
[[nodiscard]] Costs try_out(const training::Parts& parts, training::Replicas& replicas);

}  // namespace limbic::app
