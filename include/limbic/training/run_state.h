#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/curriculum/state.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/run_directory.h"
#include "limbic/worlds/world.h"

namespace limbic::training {

/// Losses summed since the last line of metrics.jsonl.
struct LossWindow {
  std::vector<double> sum;     // per loss of the stage
  std::vector<int64_t> count;  // steps in which it applied
  int64_t steps = 0;
};

/// What `checkpoints.best` has seen of its metric.
struct BestCheckpoint {
  std::string rule = {};  // "lower eval/predict"; by another one the search begins anew
  std::optional<double> value = {};
  std::optional<int64_t> step = {};

  /// The metric was evaluated at step `now`. As good is not better, and what is not finite never
  /// is.
  void judge(const BestConfig& config, int64_t now, double measured);
  /// Begins the search anew if its checkpoint is none of these, so that a next one is kept.
  void forget_unless_among(const std::vector<int64_t>& steps);
};

/// All that a run remembers besides tensors: state.json.
struct RunState {
  int64_t step = 0;           // steps done
  bool awaits_evals = false;  // of this step: a signal came first, or the run begins with them
  std::string data = {};      // fingerprint of what the world was made from; empty: not known
  curriculum::State curriculum;
  LossWindow window;
  std::map<std::string, int64_t> audit;  // counts since the start
  BestCheckpoint best;
  LogPositions logs;
};

[[nodiscard]] std::string to_json(const RunState& state);
/// Errors  limbic::Error (damaged) naming `file` on a missing, unknown or misshapen key.
[[nodiscard]] RunState parse_run_state(const std::string& text, const std::string& file);
/// Of a checkpoint that was read. Errors: the same.
[[nodiscard]] RunState state_of(const Snapshot& snapshot);

/// Errors  limbic::Error (input) where a run's world is made from other data than it was trained
///         on: words and scales would mean other things.
void require_same_data(const RunState& state, const worlds::World& world, const std::string& run);

}  // namespace limbic::training
