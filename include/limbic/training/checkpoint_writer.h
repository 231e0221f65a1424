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
/// Errors  a snapshot that `save` refused with a limbic::Error is tried once more by the next
///         submit(), before its own, or wait(); `warn` hears of it. What `save` throws then, and
///         whatever else it throws, comes out of them. The destructor drops both.
/// Threads submit() and wait() are called by one thread, which warns; `save` runs in another.
class CheckpointWriter {
 public:
  CheckpointWriter(std::function<void(const Snapshot&)> save,
                   std::function<void(const std::string&)> warn);
  /// Finishes what was submitted.
  ~CheckpointWriter();
  CheckpointWriter(const CheckpointWriter&) = delete;
  CheckpointWriter& operator=(const CheckpointWriter&) = delete;

  /// Returns at once, unless the one before is still being written or has to be once more: then
  /// waits for it, and takes this one only if it was saved.
  void submit(Snapshot snapshot);
  /// Returns when all is saved.
  void wait();

 private:
  void run();
  void settle(std::unique_lock<std::mutex>& lock);
  void wait_until_idle(std::unique_lock<std::mutex>& lock);
  void throw_error();

  std::function<void(const Snapshot&)> save_;
  std::function<void(const std::string&)> warn_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Snapshot> pending_;  // submitted or being written
  std::exception_ptr error_;         // of the last save
  std::optional<Snapshot> lost_;     // by it
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace limbic::training
