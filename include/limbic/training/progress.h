#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace limbic::training {

/// What a person wants to see of a run. Numbers only: filling it must not wait for a device.
struct ProgressState {
  std::string stage;
  int64_t step = 0;
  std::optional<int64_t> last_step = {};  // where the stage ends, if that is known
  double steps_per_second = 0;
  std::vector<std::pair<std::string, double>> losses = {};  // the main ones first
};

/// One line of at most `width` columns:
///
///   see  120/4000  35.2 steps/s  predict 0.5121  assess 0.0312  1m50s left
///
/// Where it is narrow the last losses go first, then the time left; stage and step are cut last.
[[nodiscard]] std::string render(const ProgressState& state, size_t width);

struct ProgressOptions {
  bool terminal = false;          // redraw one line, in colour; else lines of their own
  double seconds = 10;            // at least so long between two of them
  std::function<double()> clock;  // [s]
  std::function<size_t()> width;  // columns

  /// For stderr: redrawn ten times a second on a terminal, a line every ten seconds elsewhere.
  static ProgressOptions for_stderr();
};

/// Draws progress lines on a stream (stderr).
class Progress {
 public:
  Progress(std::ostream& out, ProgressOptions options);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// Cheap when it is not yet time for another line.
  void update(const ProgressState& state);
  /// Takes a redrawn line away, so that another message can be printed.
  void clear();

 private:
  std::ostream& out_;
  ProgressOptions options_;
  std::optional<double> drawn_at_;
  bool is_drawn_ = false;
};

}  // namespace limbic::training
