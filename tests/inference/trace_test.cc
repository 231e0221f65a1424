#include "limbic/inference/trace.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <numeric>

namespace limbic::inference {
namespace {

// Two rows of two ticks, two assessors, two drives; row 1 is ten times row 0.
brain::Signals signals() {
  const auto both_rows = [](const at::Tensor& x) { return at::stack({x, 10 * x}); };
  brain::Signals signals;
  signals.thought_BTD = both_rows(at::tensor({3.F, 4.F, 0.F, 1.F}).view({2, 2}));
  const at::Tensor mean = both_rows(at::tensor({.1F, .2F, .3F, .4F}).view({2, 2}));
  signals.scorecard = {mean, mean, at::full({2, 2, 2}, 4.F)};
  signals.steer.truth_BTN = mean + 1;
  signals.steer.override_BTN = mean > 0.35;
  signals.steer.gate_BTN = at::ones({2, 2, 2});
  signals.steer.realised_BTN = at::where(signals.steer.override_BTN, mean + 1, mean);
  signals.steer.reward_BTR = both_rows(at::tensor({-1.F, .25F, -.5F, .125F}).view({2, 2}));
  return signals;
}

TEST(TraceTest, ShowsTheAssessorTickByTick) {
  const Trace trace = inference::trace(signals(), /*row=*/0, /*assessor=*/1);
  ASSERT_EQ(trace.ticks.size(), 2);
  EXPECT_DOUBLE_EQ(trace.ticks[0].thought_norm, 5);
  EXPECT_DOUBLE_EQ(trace.ticks[0].mean, .2F);
  EXPECT_DOUBLE_EQ(trace.ticks[0].deviation, 2);
  EXPECT_DOUBLE_EQ(trace.ticks[0].truth, 1.2F);
  EXPECT_DOUBLE_EQ(trace.ticks[0].gate, 1);
  EXPECT_FALSE(trace.ticks[0].is_overridden);
  EXPECT_DOUBLE_EQ(trace.ticks[0].realised, .2F);
  EXPECT_TRUE(trace.ticks[1].is_overridden);
  EXPECT_DOUBLE_EQ(trace.ticks[1].realised, 1.4F);
}

TEST(TraceTest, SplitsRewardByDriveAtEachTickAndOverTheEpisode) {
  const Trace trace = inference::trace(signals(), /*row=*/1, /*assessor=*/0);
  EXPECT_EQ(trace.ticks[0].rewards, (std::vector<double>{-10, 2.5}));
  EXPECT_DOUBLE_EQ(trace.ticks[0].total, -7.5);
  EXPECT_EQ(trace.rewards, (std::vector<double>{-15, 3.75}));
  EXPECT_DOUBLE_EQ(trace.total, -11.25);
}

TEST(TraceTest, DrivesSumToTheTotalOverManyTicks) {
  brain::Signals random = signals();
  const auto many = [](const at::Tensor& x) { return x.repeat({1, 500, 1}); };
  random.thought_BTD = many(random.thought_BTD);
  auto& [raw, mean, variance] = random.scorecard;
  auto& steer = random.steer;
  for (at::Tensor* each : {&raw, &mean, &variance, &steer.truth_BTN, &steer.override_BTN,
                           &steer.gate_BTN, &steer.realised_BTN})
    *each = many(*each);
  steer.reward_BTR = 1e3 * (at::arange(2 * 1000 * 7, at::kFloat) * 1.7F).sin().view({2, 1000, 7});
  const Trace trace = inference::trace(random, /*row=*/1, /*assessor=*/0);
  EXPECT_NEAR(std::accumulate(trace.rewards.begin(), trace.rewards.end(), 0.0), trace.total, 1e-6);
}

TEST(TraceTest, NoDrivesIsNoReward) {
  brain::Signals without = signals();
  without.steer.reward_BTR = at::zeros({2, 2, 0});
  const Trace trace = inference::trace(without, 0, 0);
  EXPECT_TRUE(trace.rewards.empty());
  EXPECT_EQ(trace.total, 0);
}

}  // namespace
}  // namespace limbic::inference
