#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limbic/curriculum/state.h"
#include "limbic/training/run_directory.h"

namespace limbic::training {

/// Losses summed since the last line of metrics.jsonl.
struct LossWindow {
  std::vector<double> sum;  // per loss of the stage
  int64_t count = 0;
};

/// All that a run remembers besides tensors: state.json.
struct RunState {
  int64_t step = 0;  // steps done
  uint64_t seed = 0;
  bool finished = false;
  curriculum::State curriculum;
  LossWindow window;
  std::map<std::string, int64_t> audit;  // counts since the start
  LogPositions logs;
};

[[nodiscard]] std::string to_json(const RunState& state);
/// Errors  limbic::Error (damaged) naming `file` on a missing, unknown or misshapen key.
[[nodiscard]] RunState parse_run_state(const std::string& text, const std::string& file);

}  // namespace limbic::training
