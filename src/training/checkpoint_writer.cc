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
  wait_until_idle(lock);
  try {
    throw_error();
  } catch (const Error& error) {
    if (failures_ > 1) throw;
    warn_(concat("a checkpoint was not saved, the next one is tried: ", error.what()));
  }
  pending_ = std::move(snapshot);
  changed_.notify_all();
}

void CheckpointWriter::wait() {
  std::unique_lock lock(mutex_);
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
    failures_ = error ? failures_ + 1 : 0;
    pending_.reset();
    changed_.notify_all();
  }
}

}  // namespace limbic::training
