#pragma once

#include <cstdint>
#include <vector>

#include "limbic/brain/signals.h"

namespace limbic::inference {

/// What went through a brain in one episode, as one assessor and the drives saw it.
///
/// Shapes  rewards: one a drive, in the program's order.
struct Trace {
  struct Tick {
    double thought_norm = 0.0;
    double mean = 0.0, deviation = 0.0;  // of the scorecard
    double truth = 0.0;
    bool is_overridden = false;
    double gate = 0.0;
    double realised = 0.0;
    std::vector<double> rewards;
    double total = 0.0;  // sum of rewards
  };
  std::vector<Tick> ticks;
  std::vector<double> rewards;  // of the whole episode
  double total = 0.0;           // sum of all ticks' totals
};

Trace trace(const brain::Signals& signals, int64_t row, int64_t assessor);

}  // namespace limbic::inference
