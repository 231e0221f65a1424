#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/config/reported.h"
#include "limbic/training/safetensors.h"

namespace limbic::training {

/// YAML: `checkpoints.best`. (Lightning's ModelCheckpoint with a monitor.)
struct BestConfig {
  config::Located of;
  std::optional<config::Direction> direction = {};

  static void fields(auto& self, auto&& field) {
    field("of", self.of, config::required,
          "an eval's metric, such as eval/predict; a checkpoint is taken whenever it is evaluated "
          "and was never better");
    field("direction", self.direction,
          "which is better; default: what the metric's eval says, if it says");
  }
};

/// YAML: `checkpoints`.
struct CheckpointConfig {
  config::Steps every{500};
  int64_t keep_last = 3;
  std::optional<config::Steps> keep_every = {};
  std::optional<BestConfig> best = {};

  static void fields(auto& self, auto&& field) {
    using config::at_least;
    field("every", self.every, at_least(1), "how often to save; stage ends are saved as well");
    field("keep_last", self.keep_last, at_least(1), "newest checkpoints to keep");
    field("keep_every", self.keep_every, at_least(1),
          "save at multiples of this as well, and keep those");
    field("best", self.best,
          "keep the one at which a metric was best as well: `--at best` is that one");
  }
  [[nodiscard]] bool is_milestone(int64_t step) const {
    return keep_every && step % keep_every->count == 0;
  }
  [[nodiscard]] bool is_due(int64_t step) const {
    return step % every.count == 0 || is_milestone(step);
  }
};

inline constexpr const char* kStateName = "state.json";
inline constexpr const char* kWorldName = "world.json";

/// All that a run needs to go on from a step, on the CPU and apart from what training changes.
struct Snapshot {
  int64_t step = 0;
  std::map<std::string, std::vector<NamedTensor>> circuits = {};
  std::string state_json = {};
  std::string config_yaml = {};
  std::string world_json = {};            // worlds/recalled_world.h; empty: of an earlier limbic
  std::optional<int64_t> best_step = {};  // which one `best` keeps; not saved here
  std::string directory = {};             // that it was read from
};

/// One thing wrong with one checkpoint.
struct CheckpointProblem {
  int64_t step = 0;
  std::string problem;
};

/// The checkpoints of a run: directories step-000001234/ with a safetensors file per circuit,
/// state.json, config.yaml, world.json and MANIFEST.json.
///
///   save: write step-N.tmp/ -> fsync files and directory -> rename to step-N -> fsync parent
///         -> read back and verify -> `latest` -> retention
///
/// A checkpoint that a crash interrupts is a .tmp, never a checkpoint; one of the same step that it
/// was to replace is a .old, and is read where there is no other. `latest` names the one saved
/// last for people; nothing reads it. Retention keeps the last k up to the step just saved,
/// multiples of keep_every, the best one, and whatever is newer than that step; it runs after the
/// new one was verified. What can't be cleared away is warned of and tried again at the next save.
///
/// Errors  limbic::Error: damaged names file and tensor; input if there is no such checkpoint or
///         its format is another; failed or input if the disk or the path refuses a write.
/// Threads one saver; readers may look on at any time, and see only whole checkpoints.
class CheckpointStore {
 public:
  explicit CheckpointStore(std::string directory, CheckpointConfig config = {});

  /// Clears away what an interrupted save left. REQUIRES: the run directory's lock is held.
  void recover();

  /// One of the same step is replaced: there is always the old one or the new one after a crash.
  void save(const Snapshot& snapshot);

  /// Steps, ascending.
  [[nodiscard]] std::vector<int64_t> list() const;
  /// Where the checkpoint of a step lies, or would.
  [[nodiscard]] std::string path(int64_t step) const;

  /// Verifies everything that it reads.
  [[nodiscard]] Snapshot load(int64_t step) const;
  /// The newest good one; `warn` hears of each damaged one that was passed over, the log where none
  /// is given.
  [[nodiscard]] Snapshot load_newest(const std::function<void(std::string)>& warn) const;
  [[nodiscard]] Snapshot load_newest() const;
  /// Reads every file of every checkpoint; empty if all are whole.
  [[nodiscard]] std::vector<CheckpointProblem> verify() const;

  /// Removes all checkpoints after `step`, for a run that goes on from that one.
  /// REQUIRES: `step` was loaded.
  void discard_after(int64_t step);
  /// The same where the run had to go back since they can't be read: they may be another time, so
  /// each is kept as step-N.damaged, which nothing reads, and warned of. REQUIRES: the same.
  void set_aside_after(int64_t step);

 private:
  [[nodiscard]] std::string whole_path(int64_t step) const;
  void remove(int64_t step);
  void commit(int64_t step);
  void retain(const Snapshot& saved);

  std::string directory_;
  CheckpointConfig config_;
};

/// Reads one checkpoint's directory, as load() does. Errors: as above.
[[nodiscard]] Snapshot read_checkpoint(const std::string& directory);

}  // namespace limbic::training
