#include "limbic/training/checkpoint_writer.h"

#include <utility>

#include "limbic/core/error.h"

namespace limbic::training {

CheckpointWriter::CheckpointWriter(std::function<void(const Snapshot&)> save,
                                   std::function<void(const std::string&)> warn)
    : save_(std::move(save)), warn_(std::move(warn)), thread_([this] { run(); }) {}

CheckpointWriter::~CheckpointWriter() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CheckpointWriter::submit(Snapshot snapshot) {
  std::unique_lock lock(mutex_);
  settle(lock);
  pending_ = std::move(snapshot);
  changed_.notify_all();
}

void CheckpointWriter::wait() {
  std::unique_lock lock(mutex_);
  settle(lock);
}

// A later snapshot does not make up for one that would have been kept for good, such as the best.
void CheckpointWriter::settle(std::unique_lock<std::mutex>& lock) {
  wait_until_idle(lock);
  if (!error_) return;
  try {
    throw_error();
  } catch (const Error& error) {
    warn_(concat("a checkpoint was not saved and is tried once more: ", error.what()));
  }
  pending_ = std::move(lost_);
  changed_.notify_all();
  wait_until_idle(lock);
  throw_error();
}

void CheckpointWriter::wait_until_idle(std::unique_lock<std::mutex>& lock) {
  changed_.wait(lock, [this] { return !pending_; });
}

// What the last save threw, once.
void CheckpointWriter::throw_error() {
  if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
}

void CheckpointWriter::run() {
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return pending_ || stopping_; });
    if (!pending_) return;
    lock.unlock();
    std::exception_ptr error;
    try {
      save_(*pending_);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    error_ = error;
    if (error) lost_ = std::move(pending_);
    pending_.reset();
    changed_.notify_all();
  }
}

}  // namespace limbic::training
