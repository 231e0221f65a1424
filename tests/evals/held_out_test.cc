#include "limbic/evals/held_out.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>
#include <map>
#include <optional>
#include <string>
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

TEST(HeldOutTest, WhatIsComputedOfABatchKeepsNothingForGradients) {
  const testing_support::FakeWorld world;
  bool has_graph = true;
  each_batch(
      {.regime = {"live", {}}, .rows = 1}, world, Stream(1), at::kCPU,
      [&](const worlds::Episodes&, const Stream&) { has_graph = at::GradMode::is_enabled(); });
  EXPECT_FALSE(has_graph);
  EXPECT_TRUE(at::GradMode::is_enabled());
}

int64_t count_rows_read(const HeldOut& held_out, const worlds::World& world, Copies copies) {
  int64_t rows = 0;
  each_batch(
      held_out, world, Stream(1), at::kCPU,
      [&](const worlds::Episodes& episodes, const Stream&) { rows += episodes.num_rows(); },
      copies);
  return rows;
}

TEST(HeldOutTest, RowsThatComeAgainAreLeftOut) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const auto read = [&](worlds::Split split, int64_t rows, Copies copies = Copies::kLeftOut) {
    return count_rows_read({.regime = {"rows", {}}, .split = split, .rows = rows},
                           RunWorld(world, 1), copies);
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

// How many of 300 rows are among the five that training goes through.
int64_t count_fixed_rows(worlds::Split split) {
  const worlds::GaussianLinear world({.dimensions = 1, .simulator = {.budget = 5}});
  const Stream training = Stream(1).child("training").child("world");
  const at::Tensor fixed = world.draw({.regime = "rows", .num_rows = 5}, training).value[0];
  int64_t count = 0;
  each_batch(
      {.regime = {"rows", {}}, .split = split, .rows = 300}, RunWorld(world, 1),
      Stream(1).child("eval"), at::kCPU,
      [&](const worlds::Episodes& episodes, const Stream&) {
        count += at::isin(episodes.value[0], fixed).sum().item<int64_t>();
      },
      Copies::kRead);
  return count;
}

TEST(RunWorldTest, EvalsOfTheTrainSplitReadTheFixedRowsThatTrainingReads) {
  EXPECT_EQ(count_fixed_rows(worlds::Split::kTrain), 300);
  EXPECT_EQ(count_fixed_rows(worlds::Split::kValidation), 0);
}

TEST(RunWorldTest, RowsThatNeverComeAgainAreTheEvalsOwn) {
  const worlds::GaussianLinear world({.dimensions = 1});
  const worlds::Draw draw{.regime = "rows", .num_rows = 4};
  const at::Tensor own = RunWorld(world, 1).draw(draw, Stream(2)).value[0];
  EXPECT_TRUE(own.equal(world.draw(draw, Stream(2)).value[0]));
}

// Says in every member what no world says that leaves it out.
class OddWorld final : public testing_support::FakeWorld {
 public:
  [[nodiscard]] int64_t num_training_rows() const override { return 7; }
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view regime,
                                                         worlds::Split split) const override {
    return regime == "book" && split == worlds::Split::kTest ? 3 : 5;
  }
  [[nodiscard]] std::map<std::string, int64_t> audit(const worlds::Episodes& e) const override {
    return {{"odd", e.num_rows()}};
  }
  [[nodiscard]] std::string summary() const override { return "odd rows"; }
  [[nodiscard]] std::string fingerprint() const override { return "0dd"; }
  [[nodiscard]] const worlds::Oracle* oracle() const override { return exact_.oracle(); }
  [[nodiscard]] worlds::CsvDialect csv_dialect() const override { return {.delimiter = ';'}; }

 private:
  worlds::GaussianLinear exact_ = worlds::GaussianLinear({.dimensions = 1});
};

TEST(RunWorldTest, IsTheRunsWorldInEveryOtherMember) {
  const OddWorld odd;
  const RunWorld world(odd, 1);
  EXPECT_EQ(&world.schema(), &odd.schema());
  EXPECT_EQ(&world.regimes(), &odd.regimes());
  EXPECT_EQ(world.num_training_rows(), 7);
  EXPECT_EQ(world.num_distinct_rows("book", worlds::Split::kTest), 3);
  const worlds::Draw draw{.regime = "book", .split = worlds::Split::kTest, .num_rows = 2};
  EXPECT_EQ(world.audit(world.draw(draw, Stream(1))), (std::map<std::string, int64_t>{{"odd", 2}}));
  EXPECT_EQ(world.summary(), "odd rows");
  EXPECT_EQ(world.fingerprint(), "0dd");
  ASSERT_NE(odd.oracle(), nullptr);
  EXPECT_EQ(world.oracle(), odd.oracle());
  EXPECT_EQ(world.csv_dialect().delimiter, ';');
}

}  // namespace
}  // namespace limbic::evals
