#include "limbic/training/checkpoint_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <initializer_list>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "limbic/core/error.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::ThrowsMessage;

// Where no save fails.
void nobody(const std::string& line) { ADD_FAILURE() << line; }

TEST(CheckpointWriterTest, SavesInTheOrderSubmittedInAnotherThread) {
  std::vector<int64_t> saved;
  std::thread::id thread;
  CheckpointWriter writer(
      [&](const Snapshot& snapshot) {
        saved.push_back(snapshot.step);
        thread = std::this_thread::get_id();
      },
      nobody);
  for (const int64_t step : {1, 2, 3}) writer.submit({.step = step});
  writer.wait();
  EXPECT_THAT(saved, ElementsAre(1, 2, 3));
  EXPECT_NE(thread, std::this_thread::get_id());
}

TEST(CheckpointWriterTest, SubmitDoesNotWaitForItsOwnSnapshot) {
  std::promise<void> disk_answers;
  bool saved = false;
  CheckpointWriter writer(
      [&](const Snapshot&) {
        disk_answers.get_future().wait();
        saved = true;
      },
      nobody);
  writer.submit({.step = 1});
  disk_answers.set_value();  // would never be reached
  writer.wait();
  EXPECT_TRUE(saved);
}

/// A disk that is full when some steps are saved, once for each time that they are named.
class FullDiskTest : public testing::Test {
 protected:
  FullDiskTest()
      : writer_(
            [this](const Snapshot& snapshot) {
              const auto full = full_at_.find(snapshot.step);
              if (full != full_at_.end()) {
                full_at_.erase(full);
                throw failed("disk full at ", snapshot.step);
              }
              saved_.push_back(snapshot.step);
            },
            [this](const std::string& line) { warnings_.push_back(line); }) {}

  void submit(std::initializer_list<int64_t> steps) {
    for (const int64_t step : steps) writer_.submit({.step = step});
  }

  std::multiset<int64_t> full_at_;
  std::vector<int64_t> saved_;
  std::vector<std::string> warnings_;
  CheckpointWriter writer_;  // last: it uses them
};

TEST_F(FullDiskTest, OneThatFailedIsSavedBeforeTheNext) {
  full_at_ = {1, 3};
  submit({1, 2, 3, 4});
  writer_.wait();
  EXPECT_THAT(saved_, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(warnings_,
              ElementsAre("a checkpoint was not saved and is tried once more: disk full at 1",
                          "a checkpoint was not saved and is tried once more: disk full at 3"));
}

TEST_F(FullDiskTest, SoIsTheLastBeforeWaitingEnds) {
  full_at_ = {1};
  submit({1});
  writer_.wait();
  EXPECT_THAT(saved_, ElementsAre(1));
}

TEST_F(FullDiskTest, OneThatFailsTwiceComesOut) {
  full_at_ = {2, 2};
  submit({1, 2});
  EXPECT_THAT([&] { submit({3}); }, ThrowsMessage<Error>("disk full at 2"));
  EXPECT_THAT(saved_, ElementsAre(1));
}

TEST_F(FullDiskTest, ThatOfTheLastSaveComesOutOnce) {
  full_at_ = {1, 1};
  submit({1});
  EXPECT_THAT([&] { writer_.wait(); }, ThrowsMessage<Error>("disk full at 1"));
  EXPECT_NO_THROW(writer_.wait());
  EXPECT_THAT(saved_, IsEmpty());
}

TEST(CheckpointWriterTest, WhatIsNoMistakeOfAPersonsOrADisksComesOutOfTheNextCall) {
  CheckpointWriter writer([](const Snapshot&) { throw std::logic_error("broken promise"); },
                          nobody);
  writer.submit({.step = 1});
  EXPECT_THROW(writer.submit({.step = 2}), std::logic_error);
}

TEST(CheckpointWriterTest, TheDestructorFinishesWhatWasSubmitted) {
  int64_t saved = 0;
  {
    CheckpointWriter writer([&](const Snapshot& snapshot) { saved = snapshot.step; }, nobody);
    writer.submit({.step = 9});
  }
  EXPECT_EQ(saved, 9);
}

TEST(CheckpointWriterTest, WaitingForNothingReturns) {
  CheckpointWriter writer([](const Snapshot&) {}, nobody);
  writer.wait();
}

}  // namespace
}  // namespace limbic::training
