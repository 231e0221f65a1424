#include "limbic/training/worker_pool.h"

#include <ATen/Parallel.h>

#include <system_error>

#include "limbic/core/log.h"

namespace limbic::training {

WorkerPool::WorkerPool(int64_t num_workers) {
  at::set_num_threads(1);
  for (int64_t worker = 1; worker < num_workers; ++worker) {
    try {
      threads_.emplace_back([this, worker] { serve(worker); });
    } catch (const std::system_error& error) {  // of a container that allows no more
      log::warn("only ", worker, " of ", num_workers, " threads can be had (", error.what(),
                "), so these do all the work; results do not depend on how many there are");
      return;
    }
  }
}

WorkerPool::~WorkerPool() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  started_.notify_all();
  for (std::thread& thread : threads_) thread.join();
}

void WorkerPool::run(int64_t num_tasks, const Task& task) {
  std::unique_lock lock(mutex_);
  task_ = &task;
  num_tasks_ = num_tasks;
  next_ = 0;
  unfinished_ = num_tasks;
  errors_.assign(num_tasks, nullptr);
  if (num_tasks > 1) started_.notify_all();  // the first is the caller's, who holds the lock
  work(0, lock);
  finished_.wait(lock, [this] { return unfinished_ == 0; });
  for (const std::exception_ptr& error : errors_) {
    if (error) std::rethrow_exception(error);
  }
}

void WorkerPool::serve(int64_t worker) {
  at::set_num_threads(1);
  std::unique_lock lock(mutex_);
  for (;;) {
    started_.wait(lock, [this] { return stopping_ || next_ < num_tasks_; });
    if (stopping_) return;
    work(worker, lock);
  }
}

// Takes tasks until none is left. The lock is held outside of tasks.
void WorkerPool::work(int64_t worker, std::unique_lock<std::mutex>& lock) {
  while (next_ < num_tasks_) {
    const int64_t number = next_++;
    const Task& task = *task_;
    lock.unlock();
    std::exception_ptr error;
    try {
      task(worker, number);
    } catch (...) {
      error = std::current_exception();
    }
    lock.lock();
    errors_[number] = error;
    if (--unfinished_ == 0) finished_.notify_all();
  }
}

}  // namespace limbic::training
