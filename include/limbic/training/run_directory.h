#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "limbic/core/file.h"

namespace limbic::training {

/// Where the parts of a run lie; reading them needs no lock.
struct RunPaths {
  std::string root;

  [[nodiscard]] std::string config() const { return root + "/config.yaml"; }
  [[nodiscard]] std::string environment() const { return root + "/environment.json"; }
  [[nodiscard]] std::string metrics() const { return root + "/metrics.jsonl"; }
  [[nodiscard]] std::string decisions() const { return root + "/decisions.jsonl"; }
  [[nodiscard]] std::string timings() const { return root + "/timings.jsonl"; }
  /// TensorBoard reads every file whose name has `tfevents` in it.
  [[nodiscard]] std::string events() const { return root + "/events.out.tfevents.limbic"; }
  /// Of a fork: which run, which step.
  [[nodiscard]] std::string origin() const { return root + "/origin.json"; }
  [[nodiscard]] std::string checkpoints() const { return root + "/checkpoints"; }
  [[nodiscard]] std::string lock() const { return root + "/lock"; }
};

/// Bytes of each log when a checkpoint was taken; part of state.json.
struct LogPositions {
  uint64_t metrics = 0;
  uint64_t decisions = 0;
  uint64_t timings = 0;
  uint64_t events = 0;
  bool operator==(const LogPositions&) const = default;
};
void to_json(nlohmann::json& json, const LogPositions& positions);
void from_json(const nlohmann::json& json, LogPositions& positions);

/// The logs of a run, open at their ends.
struct RunLogs {
  explicit RunLogs(const RunPaths& paths);

  AppendFile metrics;
  AppendFile decisions;
  AppendFile timings;
  AppendFile events;
};

/// `runs/NAME` held by one process: makes what is missing, keeps others out, owns the logs.
///
/// State   the file `lock` names the owner and is flocked while it lives. A lock whose owner died
///         is taken over; where the file system knows no flock, the owner's pid, start and host
///         decide.
/// Errors  limbic::Error (input) if the directory is in use, naming pid and host (and, where only a
///         person can know whether that process lives, the file to remove), or not writable.
/// Threads sync_logs() may run beside appending; the rest is the trainer's.
class RunDirectory {
 public:
  explicit RunDirectory(const std::string& root);
  ~RunDirectory();
  RunDirectory(const RunDirectory&) = delete;
  RunDirectory& operator=(const RunDirectory&) = delete;

  [[nodiscard]] const RunPaths& paths() const { return paths_; }
  /// "process 123 on host h" if that died without giving the directory back, else empty.
  [[nodiscard]] const std::string& taken_over_from() const { return taken_over_from_; }

  AppendFile& metrics() { return logs_.metrics; }
  AppendFile& decisions() { return logs_.decisions; }
  AppendFile& timings() { return logs_.timings; }
  AppendFile& events() { return logs_.events; }

  [[nodiscard]] LogPositions positions() const;
  /// Puts on the disk what was appended; to be called before a checkpoint is committed that holds
  /// positions().
  void sync_logs();
  /// Errors: damaged, if metrics or decisions are shorter than that or would be cut within a line.
  void require(const LogPositions& positions);
  /// Cuts the logs where they stood. Timings or events of which that can't be said begin anew, with
  /// a warning. Errors: as above, and nothing is cut.
  void rewind(const LogPositions& positions);
  /// Fills empty logs with those of another run up to where they stood, likewise.
  void copy_logs(const RunPaths& from, const LogPositions& positions);

 private:
  class Lock {
   public:
    explicit Lock(const RunPaths& paths, std::string& taken_over_from);
    ~Lock();
    Lock(const Lock&) = delete;
    Lock& operator=(const Lock&) = delete;

   private:
    int fd_;
  };

  RunPaths paths_;
  std::string taken_over_from_;
  Lock lock_;
  RunLogs logs_;
};

}  // namespace limbic::training
