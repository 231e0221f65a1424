#include "limbic/training/worker_pool.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <pthread.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

#include "limbic/core/log.h"

namespace limbic::training {
namespace {

TEST(WorkerPoolTest, RunsEveryTaskOnce) {
  WorkerPool pool(3);
  std::vector<std::atomic<int>> runs(100);
  for (int round = 0; round < 20; ++round) {
    pool.run(100, [&](int64_t, int64_t task) { ++runs[task]; });
  }
  for (const auto& count : runs) EXPECT_EQ(count, 20);
}

TEST(WorkerPoolTest, EveryWorkerComputesOnOneThread) {
  WorkerPool pool(2);
  pool.run(8, [](int64_t, int64_t) { EXPECT_EQ(at::get_num_threads(), 1); });
}

// As in the product: threads inherit it of the one that makes them.
TEST(WorkerPoolTest, OnEveryWorkerADenormalCountsAsNothing) {
  WorkerPool pool(2);
  std::latch both(2);
  pool.run(2, [&](int64_t, int64_t) {
    both.arrive_and_wait();  // so that each has a task
    const volatile double denormal = 1e-310;
    EXPECT_EQ(denormal * 0.5, 0);
  });
}

TEST(WorkerPoolTest, RethrowsTheErrorOfTheLowestTask) {
  WorkerPool pool(3);
  const auto fail = [](int64_t, int64_t task) {
    if (task >= 4) throw std::runtime_error("task " + std::to_string(task));
  };
  EXPECT_THAT([&] { pool.run(9, fail); }, testing::ThrowsMessage<std::runtime_error>("task 4"));
  pool.run(4, fail);  // and goes on working
}

TEST(WorkerPoolTest, ASingleTaskIsTheCallers) {
  WorkerPool pool(3);
  for (int round = 0; round < 20; ++round) {
    pool.run(1, [caller = std::this_thread::get_id()](int64_t worker, int64_t) {
      EXPECT_EQ(worker, 0);
      EXPECT_EQ(std::this_thread::get_id(), caller);
    });
  }
}

/// While it lives no thread can be started: each would need a stack larger than all addresses.
class NoMoreThreads {
 public:
  NoMoreThreads() {
    pthread_getattr_default_np(&before_);
    pthread_attr_t huge;
    pthread_attr_init(&huge);
    pthread_attr_setstacksize(&huge, size_t{1} << 47U);
    pthread_setattr_default_np(&huge);
    pthread_attr_destroy(&huge);
  }
  ~NoMoreThreads() {
    pthread_setattr_default_np(&before_);
    pthread_attr_destroy(&before_);
  }
  NoMoreThreads(const NoMoreThreads&) = delete;
  NoMoreThreads& operator=(const NoMoreThreads&) = delete;

 private:
  pthread_attr_t before_{};
};

TEST(WorkerPoolTest, WhereNoThreadCanBeStartedTheCallerDoesAllWorkAndOneWarningSaysSo) {
  const log::Level before = log::level();
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  const NoMoreThreads no_more;
  WorkerPool pool(3);
  EXPECT_EQ(testing::internal::GetCapturedStderr(),
            "warning: only 1 of 3 threads can be had (Resource temporarily unavailable), so these "
            "do all the work; results do not depend on how many there are\n");
  log::set_level(before);
  EXPECT_EQ(pool.num_workers(), 1);
  int runs = 0;
  pool.run(5, [&](int64_t worker, int64_t) { runs += worker == 0; });
  EXPECT_EQ(runs, 5);
}

TEST(WorkerPoolTest, NoTasksReturnAtOnce) {
  WorkerPool pool(2);
  pool.run(0, [](int64_t, int64_t) { FAIL(); });
}

}  // namespace
}  // namespace limbic::training
