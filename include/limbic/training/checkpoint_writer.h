#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>

#include "limbic/training/checkpoint.h"

namespace limbic::training {

/// Saves snapshots in a thread of its own, so that a step does not wait for the disk.
///
/// Errors  what `save` throws comes out of the next submit() or wait(); the destructor drops it.
/// Threads submit() and wait() are called by one thread; `save` runs in another.
class CheckpointWriter {
 public:
  explicit CheckpointWriter(std::function<void(const Snapshot&)> save);
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

  std::function<void(const Snapshot&)> save_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<Snapshot> pending_;  // submitted or being written
  std::exception_ptr error_;
  bool stopping_ = false;
  std::thread thread_;
};

}  // namespace limbic::training
