#include "limbic/training/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>

#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::ThrowsMessage;

TEST(CheckpointWriterTest, SavesInTheOrderSubmittedInAnotherThread) {
  std::vector<int64_t> saved;
  std::thread::id thread;
  CheckpointWriter writer([&](const Snapshot& snapshot) {
    saved.push_back(snapshot.step);
    thread = std::this_thread::get_id();
  });
  for (const int64_t step : {1, 2, 3}) writer.submit({.step = step});
  writer.wait();
  EXPECT_THAT(saved, ElementsAre(1, 2, 3));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(CheckpointWriterTest, SubmitDoesNotWaitForItsOwnSnapshot) {
  std::promise<void> disk_answers;
  bool saved = false;
  CheckpointWriter writer([&](const Snapshot&) {
    disk_answers.get_future().wait();
    saved = true;
  });
  writer.submit({.step = 1});
  disk_answers.set_value();  // would never be reached
  writer.wait();
  EXPECT_TRUE(saved);
}

TEST(CheckpointWriterTest, ErrorsComeOutOfTheNextCallOnce) {
  CheckpointWriter writer([](const Snapshot& snapshot) {
    if (snapshot.step == 1) throw failed("disk full");
  });
  writer.submit({.step = 1});
  EXPECT_THAT([&] { writer.submit({.step = 2}); }, ThrowsMessage<Error>("disk full"));
  writer.submit({.step = 3});
  EXPECT_NO_THROW(writer.wait());
}

TEST(CheckpointWriterTest, TheDestructorFinishesWhatWasSubmitted) {
  int64_t saved = 0;
  {
    CheckpointWriter writer([&](const Snapshot& snapshot) { saved = snapshot.step; });
    writer.submit({.step = 9});
  }
  EXPECT_EQ(saved, 9);
}

TEST(CheckpointWriterTest, WaitingForNothingReturns) {
  CheckpointWriter writer([](const Snapshot&) {});
  writer.wait();
}

}  // namespace
}  // namespace limbic::training
