#include "limbic/training/regime_deal.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <utility>
#include <vector>

#include "limbic/config/structs.h"
#include "limbic/worlds/conditioning.h"

namespace limbic::training {
namespace {

using testing::ElementsAre;
using testing::ElementsAreArray;
using Hands = std::vector<RegimeDeal::Hand>;

RegimeDeal deal_of(std::vector<double> shares, int64_t batch_size, int64_t chunks) {
  return {std::move(shares), {.batch_size = batch_size, .chunks = chunks}, Stream(7)};
}

/// Of these hands, in their order, the rows of a regime.
std::vector<int64_t> rows_of(size_t regime, const Hands& hands) {
  std::vector<int64_t> rows;
  for (const RegimeDeal::Hand& hand : hands) {
    for (int64_t i = 0; hand.regime == regime && i < hand.num_rows; ++i)
      rows.push_back(hand.first_row + i);
  }
  return rows;
}

/// All that a stage deals in steps from .. to - 1, where it began at step 0.
Hands dealt(RegimeDeal& deal, int64_t from, int64_t to) {
  Hands all;
  for (int64_t step = from; step < to; ++step) {
    const Hands hands = deal.deal(step, step);
    all.insert(all.end(), hands.begin(), hands.end());
  }
  return all;
}

std::vector<int64_t> counted(int64_t from, int64_t count) {
  std::vector<int64_t> numbers;
  for (int64_t i = 0; i < count; ++i) numbers.push_back(from + i);
  return numbers;
}

TEST(RegimeDealTest, SharesThatFitTheChunksAreKeptInEveryStep) {
  auto deal = deal_of({0.5, 0.25, 0.25}, 8, 4);
  for (int64_t step = 0; step < 20; ++step) {
    std::vector<size_t> regimes;
    for (const auto& hand : deal.deal(step, step)) regimes.push_back(hand.regime);
    EXPECT_THAT(regimes, ElementsAre(0, 0, 1, 2)) << step;
  }
}

TEST(RegimeDealTest, ARegimeWithoutAShareIsNeverDealt) {
  auto deal = deal_of({0, 1, 0}, 6, 3);
  for (const auto& hand : dealt(deal, 0, 20)) EXPECT_EQ(hand.regime, 1);
}

TEST(RegimeDealTest, ChunksShareTheRowsOfAStep) {
  auto deal = deal_of({0.5, 0.5}, 7, 3);
  std::vector<int64_t> count;
  for (const auto& hand : deal.deal(10, 4)) count.push_back(hand.num_rows);
  EXPECT_THAT(count, ElementsAre(2, 2, 3));
}

// A third of two chunks is now one of them and now none.
TEST(RegimeDealTest, ARegimeIsDealtEachOfItsRowsOnceHoweverManyChunksItGets) {
  auto deal = deal_of({1.0 / 3, 2.0 / 3}, 6, 2);
  const Hands hands = dealt(deal, 0, 60);
  const auto first = rows_of(0, hands), second = rows_of(1, hands);
  EXPECT_THAT(first, ElementsAreArray(counted(0, std::ssize(first))));
  EXPECT_THAT(second, ElementsAreArray(counted(0, std::ssize(second))));
  EXPECT_EQ(first.size() + second.size(), 60 * 6);
  EXPECT_NEAR(static_cast<double>(first.size()), 120, 44);  // 4 deviations of 11
}

TEST(RegimeDealTest, TheOnlyRegimeOfAStageIsDealtAllRows) {
  auto deal = deal_of({0, 1}, 5, 2);
  Hands hands;
  for (int64_t step = 30; step < 40; ++step) {
    for (const auto& hand : deal.deal(step, step - 28)) hands.push_back(hand);
  }
  EXPECT_THAT(rows_of(1, hands), ElementsAreArray(counted(150, 50)));
}

TEST(RegimeDealTest, ALaterStageDealsNoRowAgain) {
  auto deal = deal_of({0.5, 0.5}, 8, 2), later = deal_of({0.5, 0.5}, 8, 2);
  EXPECT_THAT(rows_of(0, dealt(deal, 0, 3)), ElementsAreArray(counted(0, 12)));
  EXPECT_THAT(rows_of(0, later.deal(3, 0)), ElementsAreArray(counted(24, 4)));
}

TEST(RegimeDealTest, WhatGoesOnInAStageIsDealtWhatFollows) {
  auto unbroken = deal_of({1.0 / 3, 2.0 / 3}, 5, 2), resumed = deal_of({1.0 / 3, 2.0 / 3}, 5, 2);
  (void)dealt(unbroken, 0, 17);
  const Hands expected = dealt(unbroken, 17, 30), hands = dealt(resumed, 17, 30);
  for (const size_t regime : {size_t{0}, size_t{1}})
    EXPECT_EQ(rows_of(regime, hands), rows_of(regime, expected));
}

// Two steps of 128 rows, of which a half are the phase's: its epoch of 128 trials.
TEST(RegimeDealTest, APhaseBesideAnotherIsGoneThroughInItsOrder) {
  const worlds::Conditioning world(
      {.file = {},
       .schedule = config::parse<worlds::ScheduleConfig>(
           "{cues: [A, B, C], phases: [{phase: p, order: listed, trials: {A+: 64, B+: 64}}, "
           "{phase: q, trials: {C: 1}}]}",
           "a.yaml")});
  auto deal = deal_of({0.5, 0.5}, 128, 8);
  std::vector<at::Tensor> a;
  for (const RegimeDeal::Hand& hand : dealt(deal, 0, 2)) {
    if (hand.regime != 0) continue;
    const auto episodes = world.draw({.regime = world.regimes()[hand.regime],
                                      .first_row = hand.first_row,
                                      .num_rows = hand.num_rows},
                                     Stream(1));
    a.push_back(episodes.value[world.schema().require("A")].select(1, 4).flatten());
  }
  EXPECT_TRUE(at::cat(a).equal(at::cat({at::ones({64}), at::zeros({64})})));
}

}  // namespace
}  // namespace limbic::training
