#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <thread>

#include "limbic/training/checkpoint.h"

namespace limbic::training {

/// Saves snapshots in a thread of its own, so that a step does not wait for the disk.
///
/// Errors  what `save` throws comes out of wait(), and of submit() if the save before it failed
///         too; `warn` hears of a limbic::Error that did not, since a later snapshot makes up for
///         one that was lost. The destructor drops it.
/// Threads submit() and wait() are called by one thread, which warns; `save` runs in another.
class CheckpointWriter {
 public:
  CheckpointWriter(std::function<void(const Snapshot&)> save,
                   std::function<void(const std::string&)> warn);
  /// Finishes what was submitted.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Returns at once, unless the one before is still being written: then waits for it.
  void submit(Snapshot snapshot);
  /// Returns when nothing is left to write.
  void wait();

 private:
  void run();
  void wait_until_idle(std::unique_lock<std::mutex>& lock);
  void throw_error();

  std::function<void(const Snapshot&)> save_;
  std::function<void(const std::string&)> warn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Snapshot> pending_;  // submitted or being written
  std::exception_ptr error_;         // of the last save
  int64_t failures_ = 0;             // so many saves in a row were none
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace limbic::training
