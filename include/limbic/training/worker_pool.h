#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace limbic::training {

/// Persistent threads that share out numbered tasks; the calling thread is worker 0.
///
/// Every worker computes single-threaded inside LibTorch, so that a task's result does not depend
/// on how many workers there are.
/// Errors  run() rethrows what the task of the lowest number threw. Where the system allows fewer
///         threads, a warning says so, and num_workers() is what there are.
/// Threads run() is called by one thread.
class WorkerPool {
 public:
  using Task = std::function<void(int64_t worker, int64_t task)>;

  explicit WorkerPool(int64_t num_workers);
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  [[nodiscard]] int64_t num_workers() const { return static_cast<int64_t>(threads_.size()) + 1; }
  /// Returns when tasks 0 .. num_tasks - 1 are done.
  void run(int64_t num_tasks, const Task& task);

 private:
  void serve(int64_t worker);
  void work(int64_t worker, std::unique_lock<std::mutex>& lock);

  std::mutex mutex_;
  std::condition_variable started_, finished_;
  const Task* task_ = nullptr;
  int64_t num_tasks_ = 0, next_ = 0, unfinished_ = 0;
  bool stopping_ = false;
  std::vector<std::exception_ptr> errors_;
  std::vector<std::thread> threads_;
};

}  // namespace limbic::training
