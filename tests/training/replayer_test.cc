#include "limbic/training/replayer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "../support/recorder.h"
#include "limbic/core/log.h"
#include "limbic/training/report_queue.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::EndsWith;
using testing_support::FakeRecorder;

// Work that appends the sum of a tensor of whole numbers, times two others of other types.
class ReplayerTest : public testing::Test {
 protected:
  struct Input {
    at::Tensor numbers, half, empty;
  };

  void run(const std::vector<int64_t>& numbers, bool is_repeatable = true) {
    const auto input = std::make_shared<Input>(Input{
        at::tensor(numbers, at::kLong), at::full({1}, 0.5, at::kDouble), at::empty({0}, at::kInt)});
    brain::Upload upload;
    for (at::Tensor* const tensor : {&input->numbers, &input->half, &input->empty})
      upload.add(*tensor);
    if (!is_repeatable) upload.decide_later();
    replayer_.run(upload, [this, input] {
      sums_.push_back((input->numbers.sum() * input->half).item<double>());
    });
  }

  std::vector<double> sums_;
  std::shared_ptr<FakeRecorder> recorder_ = std::make_shared<FakeRecorder>();
  Replayer replayer_{recorder_, at::kCPU, /*most_graphs=*/2};
};

TEST_F(ReplayerTest, RepeatsWhatItDidOnNewNumbers) {
  run({1, 2});
  run({3, 4});
  run({5, 6});
  EXPECT_THAT(sums_, ElementsAre(1.5, 3.5, 5.5));
  const auto counts = replayer_.counts();
  EXPECT_EQ(counts.first, 1);
  EXPECT_EQ(counts.recorded, 1);
  EXPECT_EQ(counts.replayed, 2);
  EXPECT_EQ(counts.eager, 0);
}

TEST_F(ReplayerTest, OtherSizesAreOtherWork) {
  run({1, 2});
  run({1, 2, 3});
  run({5, 5});
  EXPECT_THAT(sums_, ElementsAre(1.5, 3, 5));
  EXPECT_EQ(replayer_.counts().first, 2);
}

TEST_F(ReplayerTest, ForgetsWhatWasUnusedForLongest) {
  run({1});
  run({1, 2});
  run({1});        // recorded
  run({1, 2, 3});  // two numbers are forgotten, one is not
  run({1});
  EXPECT_EQ(replayer_.counts().first, 3);
  EXPECT_EQ(replayer_.counts().recorded, 1);
  run({1, 2});
  EXPECT_EQ(replayer_.counts().first, 4);
}

TEST_F(ReplayerTest, WorkThatGoesOnDecidingRunsAsItIsWritten) {
  for (int i = 0; i < 3; ++i) run({1, 2}, /*is_repeatable=*/false);
  EXPECT_THAT(sums_, ElementsAre(1.5, 1.5, 1.5));
  EXPECT_EQ(replayer_.counts().eager, 3);
  EXPECT_EQ(replayer_.counts().first, 0);
}

TEST_F(ReplayerTest, WithRoomForNoGraphNothingIsRecorded) {
  replayer_ = Replayer(recorder_, at::kCPU, 0);
  for (int i = 0; i < 3; ++i) run({1, 2});
  EXPECT_EQ(replayer_.counts().eager, 3);
}

TEST_F(ReplayerTest, OnceARecordingFailsEverythingIsComputedAnewAndOneWarningSaysWhy) {
  recorder_->most_recordings = 1;
  log::set_level(log::Level::kWarn);
  testing::internal::CaptureStderr();
  run({1, 2});
  run({3, 4});  // recorded
  run({1});
  run({2});  // not any more
  run({5, 6});
  run({3});
  const std::string said = testing::internal::GetCapturedStderr();
  log::set_level(log::Level::kInfo);
  EXPECT_THAT(said, EndsWith("a step can't be recorded (operation not permitted when stream is "
                             "capturing), so all are computed anew from here on, as with "
                             "training.graphs: 0\n"));
  EXPECT_EQ(std::ranges::count(said, '\n'), 1);
  EXPECT_THAT(sums_, ElementsAre(1.5, 3.5, 0.5, 1, 5.5, 1.5));
  const auto counts = replayer_.counts();
  EXPECT_EQ(counts.first, 2);
  EXPECT_EQ(counts.recorded, 1);
  EXPECT_EQ(counts.replayed, 1);
  EXPECT_EQ(counts.failed, 1);
  EXPECT_EQ(counts.eager, 3);
}

TEST_F(ReplayerTest, WaitsAreCounted) {
  run({1, 2});  // asks for its sum
  EXPECT_EQ(recorder_->waits["aten::_local_scalar_dense"], 1);
}

TEST(ReportQueueTest, NumbersArriveInOrderAndAreThoseOfTheirStep) {
  ReportQueue queue(at::kCPU);
  const at::Tensor numbers = at::tensor({1.5F, 2.5F, 0.0F, 9.0F});
  const StepReport report{numbers, {true, false}, {}};
  queue.push(7, report);
  numbers.copy_(at::tensor({3.5F, 4.5F, 1.0F, 8.0F}));  // as a replay does
  queue.push(8, report);
  EXPECT_FALSE(queue.is_full());
  const auto taken = queue.take_all();
  ASSERT_EQ(taken.size(), 2);
  EXPECT_EQ(taken[0].step, 7);
  EXPECT_THAT(taken[0].loss_L, ElementsAre(1.5F, 2.5F));
  EXPECT_FALSE(taken[0].skipped);
  EXPECT_THAT(taken[0].norms, ElementsAre(9.0F));
  EXPECT_EQ(taken[1].step, 8);
  EXPECT_THAT(taken[1].loss_L, ElementsAre(3.5F, 4.5F));
  EXPECT_TRUE(taken[1].skipped);
  EXPECT_TRUE(queue.take_all().empty());
}

}  // namespace
}  // namespace limbic::training
