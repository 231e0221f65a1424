#include "limbic/training/worker_pool.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <latch>
#include <stdexcept>
#include <thread>

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

TEST(WorkerPoolTest, NoTasksReturnAtOnce) {
  WorkerPool pool(2);
  pool.run(0, [](int64_t, int64_t) { FAIL(); });
}

}  // namespace
}  // namespace limbic::training
