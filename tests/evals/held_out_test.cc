#include "limbic/evals/held_out.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>
#include <optional>
#include <string_view>

#include "../support/fake_world.h"
#include "limbic/core/signals.h"
#include "limbic/worlds/gaussian_linear.h"
#include "source_of.h"

namespace limbic::evals {
namespace {

// Signals after the first batch, of three.
int64_t batches_until_a_signal(int signal) {
  const testing_support::FakeWorld world;
  int64_t batches = 0;
  each_batch({.regime = {"live", {}}, .rows = 600}, source_of(world),
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

TEST(HeldOutTest, WhatIsComputedOfABatchKeepsNothingForGradients) {
  const testing_support::FakeWorld world;
  bool has_graph = true;
  each_batch(
      {.regime = {"live", {}}, .rows = 1}, source_of(world),
      [&](const worlds::Episodes&, const Stream&) { has_graph = at::GradMode::is_enabled(); });
  EXPECT_FALSE(has_graph);
  EXPECT_TRUE(at::GradMode::is_enabled());
}

int64_t count_rows_read(const HeldOut& held_out, const worlds::World& world, Copies copies) {
  int64_t rows = 0;
  each_batch(
      held_out, source_of(world),
      [&](const worlds::Episodes& episodes, const Stream&) { rows += episodes.num_rows(); },
      copies);
  return rows;
}

TEST(HeldOutTest, RowsThatComeAgainAreLeftOut) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const auto read = [&](worlds::Split split, int64_t rows, Copies copies = Copies::kLeftOut) {
    return count_rows_read({.regime = {"rows", {}}, .split = split, .rows = rows}, world, copies);
  };
  EXPECT_EQ(read(worlds::Split::kTrain, 300), 5);
  EXPECT_EQ(read(worlds::Split::kTrain, 3), 3);
  EXPECT_EQ(read(worlds::Split::kTrain, 300, Copies::kRead), 300);
  EXPECT_EQ(read(worlds::Split::kValidation, 300), 300);
}

TEST(HeldOutTest, OfASplitWithoutRowsTheWorldIsAskedForSome) {
  class NoRows : public testing_support::FakeWorld {
   public:
    [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view,
                                                           worlds::Split) const override {
      return 0;
    }
  };
  EXPECT_EQ(count_rows_read({.regime = {"live", {}}, .rows = 9}, NoRows(), Copies::kLeftOut), 9);
}

// As an eval of a run of seed 1 reads it.
EpisodeSource source_in_run(const worlds::World& world) {
  return {.world = world,
          .stream = Stream(1).child("eval"),
          .training = training_stream(1),
          .device = at::kCPU};
}

// How many of 300 rows are among the five that training goes through.
int64_t count_fixed_rows(worlds::Split split) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const Stream training = Stream(1).child("training").child("world");
  const at::Tensor fixed = world.draw({.regime = "rows", .num_rows = 5}, training).value[0];
  int64_t count = 0;
  each_batch(
      {.regime = {"rows", {}}, .split = split, .rows = 300}, source_in_run(world),
      [&](const worlds::Episodes& episodes, const Stream&) {
        count += at::isin(episodes.value[0], fixed).sum().item<int64_t>();
      },
      Copies::kRead);
  return count;
}

TEST(HeldOutTest, OfTheTrainSplitTheFixedRowsThatTrainingReadsAreRead) {
  EXPECT_EQ(count_fixed_rows(worlds::Split::kTrain), 300);
  EXPECT_EQ(count_fixed_rows(worlds::Split::kValidation), 0);
}

TEST(HeldOutTest, RowsThatNeverComeAgainAreTheEvalsOwn) {
  const worlds::GaussianLinear world({.dimensions = 1});
  const worlds::Draw draw{.regime = "rows", .num_rows = 4};
  const at::Tensor own = world.draw(draw, Stream(1).child("eval").child("world")).value[0];
  at::Tensor read;
  each_batch({.regime = {"rows", {}}, .split = worlds::Split::kTrain, .rows = 4},
             source_in_run(world),
             [&](const worlds::Episodes& episodes, const Stream&) { read = episodes.value[0]; });
  EXPECT_TRUE(read.equal(own));
}

}  // namespace
}  // namespace limbic::evals
