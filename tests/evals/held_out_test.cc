#include "limbic/evals/held_out.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string_view>

#include "../support/fake_world.h"
#include "limbic/core/signals.h"
#include "limbic/evals/run_world.h"
#include "limbic/worlds/gaussian_linear.h"

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

TEST(HeldOutTest, RowsThatComeAgainAreLeftOut) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const auto left = [&](worlds::Split split, int64_t rows) {
    const HeldOut held_out{.regime = {"rows", {}}, .split = split, .rows = rows};
    return without_copies(held_out, RunWorld(world, Stream(1))).rows;
  };
  EXPECT_EQ(left(worlds::Split::kTrain, 300), 5);
  EXPECT_EQ(left(worlds::Split::kTrain, 3), 3);
  EXPECT_EQ(left(worlds::Split::kValidation, 300), 300);
}

TEST(HeldOutTest, OfASplitWithoutRowsTheWorldIsAskedForSome) {
  class NoRows : public testing_support::FakeWorld {
   public:
    [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view,
                                                           worlds::Split) const override {
      return 0;
    }
  };
  EXPECT_EQ(without_copies({.regime = {"live", {}}, .rows = 9}, NoRows()).rows, 9);
}

// How many of 300 rows are among the five that training goes through.
int64_t count_fixed_rows(worlds::Split split) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const Stream training = Stream(1).child("training");
  const at::Tensor fixed =
      world.draw({.regime = "rows", .num_rows = 5}, training.child("world")).value[0];
  int64_t count = 0;
  each_batch({.regime = {"rows", {}}, .split = split, .rows = 300}, RunWorld(world, training),
             Stream(1).child("eval"), at::kCPU,
             [&](const worlds::Episodes& episodes, const Stream&) {
               count += at::isin(episodes.value[0], fixed).sum().item<int64_t>();
             });
  return count;
}

TEST(RunWorldTest, EvalsOfTheTrainSplitReadTheFixedRowsThatTrainingReads) {
  EXPECT_EQ(count_fixed_rows(worlds::Split::kTrain), 300);
  EXPECT_EQ(count_fixed_rows(worlds::Split::kValidation), 0);
}

TEST(RunWorldTest, RowsThatNeverComeAgainAreTheEvalsOwn) {
  const worlds::GaussianLinear world({.dimensions = 1});
  const worlds::Draw draw{.regime = "rows", .num_rows = 4};
  const at::Tensor own = RunWorld(world, Stream(1)).draw(draw, Stream(2)).value[0];
  EXPECT_TRUE(own.equal(world.draw(draw, Stream(2)).value[0]));
}

}  // namespace
}  // namespace limbic::evals
