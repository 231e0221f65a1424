#include "limbic/training/chunk_input.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "../support/fake_brain.h"

namespace limbic::training {
namespace {

using testing::Contains;
using testing::Not;

ChunkInput input_with(losses::Lesson lesson) {
  ChunkInput input{.chunk = 0, .dropout = Stream(1)};
  input.episodes = testing_support::counted_rows(2);
  input.place = at::zeros({1}, at::kLong);
  input.weight_L = at::ones({1});
  input.lessons.emplace_back(std::move(lesson));
  return input;
}

TEST(ChunkInputTest, WhatIsPresentGoesToTheDeviceIfNobodyGoesOnDeciding) {
  ChunkInput decided = input_with({});
  brain::Upload upload;
  decided.hand_over(upload);
  EXPECT_TRUE(upload.is_repeatable());
  EXPECT_THAT(upload.tensors(), Contains(&decided.episodes.present_BTV));

  ChunkInput deciding = input_with({.stream = Stream(2)});
  brain::Upload other;
  deciding.hand_over(other);
  EXPECT_FALSE(other.is_repeatable());
  EXPECT_THAT(other.tensors(), Not(Contains(&deciding.episodes.present_BTV)));
  EXPECT_THAT(other.tensors(), Contains(&deciding.episodes.value.front()));
}

TEST(ChunkInputTest, WhichLossesApplyDecidesWhatIsComputed) {
  ChunkInput with = input_with({}), without = input_with({});
  without.lessons.front().reset();
  brain::Upload one, other;
  with.hand_over(one);
  without.hand_over(other);
  EXPECT_NE(one.key(), other.key());
}

TEST(ChunkInputTest, AQuestionThatACortexDidNotPrepareIsDecidedLater) {
  ChunkInput input = input_with({});
  const testing_support::FakeCortex cortex;
  input.thought = cortex.ask_thought(input.episodes.present_BTV);
  brain::Upload upload;
  input.hand_over(upload);
  EXPECT_FALSE(upload.is_repeatable());
}

}  // namespace
}  // namespace limbic::training
