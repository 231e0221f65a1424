#include "limbic/curriculum/tracking.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <string>
#include <vector>

namespace limbic::curriculum {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInf = std::numeric_limits<double>::infinity();

/// Whether a condition over eval/x held after each value; eval/y stays at 0.
std::vector<bool> held(const std::string& yaml, const std::vector<double>& values) {
  const auto condition = config::parse<Condition>(yaml, "a.yaml");
  std::vector<Track> tracks(leaves(condition).size());
  std::vector<bool> result;
  int64_t step = 0;
  for (const double value : values) {
    const Metrics fresh = {{"eval/x", value}, {"eval/y", 0.0}};
    result.push_back(observe(condition, {++step, fresh}, tracks));
  }
  return result;
}

using Held = std::vector<bool>;

TEST(TrackingTest, AThresholdNeedsItsStreakUnbroken) {
  EXPECT_EQ(held("{metric: eval/x, below: 1, for: 2 evals}", {0.5, 2, 0.5, 0.5, 0.9, 1}),
            (Held{false, false, false, true, true, false}));
  EXPECT_EQ(held("{metric: eval/x, above: 1, for: 1 eval}", {1, 1.1, 0}),
            (Held{false, true, false}));
}

TEST(TrackingTest, NanNeverSatisfies) {
  EXPECT_EQ(held("{metric: eval/x, below: 1, for: 2 evals}", {0, kNan, 0, 0}),
            (Held{false, false, false, true}));
  EXPECT_EQ(held("{metric: eval/x, above: 1, for: 1 eval}", {kNan, kInf}), (Held{false, true}));
  EXPECT_EQ(held("{plateau: eval/x, patience: 2 evals}", {kNan, kNan, kNan, 1, 1, kNan, 1, 1}),
            (Held{false, false, false, false, false, false, false, true}));
}

TEST(TrackingTest, APlateauIsPatientSinceItsBestValue) {
  EXPECT_EQ(held("{plateau: eval/x, patience: 2 evals}", {5, 6, 4, 4, 4, 3}),
            (Held{false, false, false, false, true, false}));
  EXPECT_EQ(held("{plateau: eval/x, patience: 2 evals, min_delta: 0.5}", {5, 4.6, 4.5, 4.4}),
            (Held{false, false, true, false}));
  EXPECT_EQ(held("{plateau: eval/x, patience: 1 eval, direction: higher}", {5, 6, 5}),
            (Held{false, false, true}));
}

TEST(TrackingTest, ManySmallGainsBelowMinDeltaAddUp) {
  EXPECT_EQ(held("{plateau: eval/x, patience: 3 evals, min_delta: 1}", {9, 8.6, 8.2, 7.8, 7.4}),
            (Held{false, false, false, false, false}));
}

TEST(TrackingTest, AfterCountsStepsAndNeedsNoEvaluation) {
  const auto condition = config::parse<Condition>("{after: 3 steps}", "a.yaml");
  std::vector<Track> tracks(1);
  EXPECT_FALSE(observe(condition, {2, {}}, tracks));
  EXPECT_TRUE(observe(condition, {3, {}}, tracks));
}

TEST(TrackingTest, EveryPartSeesEveryValue) {
  // eval/y holds from the first value on, which must not keep eval/x's streak from growing.
  const std::string parts =
      "[{metric: eval/y, below: 1, for: 1 eval}, {metric: eval/x, below: 1, for: 3 evals}]";
  EXPECT_EQ(held("{all: " + parts + "}", {0, 0, 0, 2}), (Held{false, false, true, false}));
  EXPECT_EQ(held("{any: " + parts + "}", {0}), (Held{true}));
}

TEST(TrackingTest, WhatHeldKeepsHoldingBetweenEvaluations) {
  const auto condition = config::parse<Condition>(
      "{all: [{metric: eval/x, below: 1, for: 1 eval}, {after: 10 steps}]}", "a.yaml");
  std::vector<Track> tracks(2);
  EXPECT_FALSE(observe(condition, {8, {{"eval/x", 0.5}}}, tracks));
  EXPECT_FALSE(observe(condition, {9, {}}, tracks));
  EXPECT_TRUE(observe(condition, {10, {}}, tracks));
}

TEST(TrackingTest, MeasuresWhatWasSeen) {
  const auto condition = config::parse<Condition>(
      "{any: [{metric: eval/x, below: 1, for: 3 evals}, {plateau: eval/y, patience: 2 evals}, "
      "{after: 10 steps}]}",
      "a.yaml");
  std::vector<Track> tracks(3);
  const Metrics first = {{"eval/x", 0.5}, {"eval/y", 7.0}};
  const Metrics second = {{"eval/y", 8.0}};
  observe(condition, {1, first}, tracks);
  observe(condition, {2, second}, tracks);
  const auto seen = measure(condition, {2, second}, tracks);
  ASSERT_EQ(seen.size(), 3U);
  EXPECT_EQ(seen[0].condition, "eval/x below 1 for 3 evals");
  EXPECT_EQ(text(seen[0]), "0.5, 1 of 3");
  EXPECT_FALSE(seen[0].is_fresh);
  EXPECT_EQ(seen[1].measured, 8.0);
  EXPECT_EQ(seen[1].threshold, 7.0);
  EXPECT_EQ(text(seen[1]), "8, 1 of 2");
  EXPECT_TRUE(seen[1].is_fresh);
  EXPECT_EQ(text(seen[2]), "2");
  EXPECT_FALSE(seen[2].is_met);
}

}  // namespace
}  // namespace limbic::curriculum
