#include "limbic/evals/held_out.h"

#include <gtest/gtest.h>

#include <csignal>

#include "../support/fake_world.h"
#include "limbic/core/signals.h"

namespace limbic::evals {
namespace {

// Signals after the first batch, of three.
int64_t batches_until_a_signal(int signal) {
  const testing_support::FakeWorld world;
  int64_t batches = 0;
  each_batch({.regime = {"live", {}}, .rows = 600}, world, Stream(1), at::kCPU,
             [&](const worlds::Episodes&, const Stream&) {
               if (++batches == 1) std::raise(signal);
             });
  return batches;
}

TEST(HeldOutTest, ASignalIsHeardBetweenBatches) {
  const SignalWatch watch;
  EXPECT_THROW(batches_until_a_signal(SIGTERM), Interrupted);
  EXPECT_EQ(SignalWatch::stop_signal(), SIGTERM);
}

TEST(HeldOutTest, OneThatDoesNotStopTheRunIsNotHeard) {
  const SignalWatch watch;
  EXPECT_EQ(batches_until_a_signal(SIGUSR1), 3);
}

TEST(HeldOutTest, WhatAWatchHeardEndsWithIt) {
  {
    const SignalWatch watch;
    std::raise(SIGTERM);
  }
  EXPECT_EQ(SignalWatch::stop_signal(), 0);
}

}  // namespace
}  // namespace limbic::evals
