#include "limbic/brain/amygdala/inhibition.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace limbic::brain {
namespace {

using testing::DoubleNear;
using testing::Each;
using testing::ElementsAre;
using testing::Pointwise;

// Two features of cues, 0 and 1; contexts are the features from 2 on.
constexpr int64_t kCues = 2;
constexpr double kHalf = M_SQRT1_2;  // sqrt of a share of one half

class InhibitionTest : public testing::Test {
 protected:
  [[nodiscard]] Inhibition make(int64_t num_contexts = 1) {
    const int64_t size = Inhibition::num_gates(num_contexts) * kCues;
    fast_.resize(size);
    slow_.resize(size);
    return {config_, {fast_.data(), slow_.data(), &recent_, kCues, num_contexts}};
  }
  static Moment in_context(int64_t context) {
    const Sparse x{{0, 1}, {kCues + context, 0.3}};
    return {x, x};
  }

  InhibitionConfig config_;
  std::vector<double> fast_, slow_;
  double recent_ = 0;
};

TEST_F(InhibitionTest, GatesShareInhibitionBetweenEverywhereAndThePresentContext) {
  config_.general = 0.36;
  const Inhibition inhibition = make(2);
  recent_ = 0.25;
  EXPECT_THAT(inhibition.gates(in_context(0)),
              Pointwise(DoubleNear(1e-15), {0.6, 0.8 * 0.75, 0.8 * 0.25, 0.0, 0.0}));
  EXPECT_THAT(inhibition.gates(in_context(1)),
              Pointwise(DoubleNear(1e-15), {0.6, 0.0, 0.0, 0.8 * 0.75, 0.8 * 0.25}));
  EXPECT_THAT(inhibition.gates({}), Pointwise(DoubleNear(1e-15), {0.6, 0.0, 0.0, 0.0, 0.0}));
}

TEST_F(InhibitionTest, ContextsThatAreThereTogetherShare) {
  const Inhibition inhibition = make(2);
  const Sparse both{{kCues, 0.3}, {kCues + 1, 0.3}};
  EXPECT_THAT(inhibition.gates({both, both}),
              Pointwise(DoubleNear(1e-15), {kHalf, 0.5, 0.0, 0.5, 0.0}));
}

TEST_F(InhibitionTest, WithoutContextsAllIsGeneral) {
  EXPECT_THAT(make(0).gates(in_context(0)), ElementsAre(1));
  config_.by_context = false;
  EXPECT_THAT(make(1).gates(in_context(0)), ElementsAre(1, 0, 0));
}

TEST_F(InhibitionTest, WithoutRecencyOneGateIsTheContexts) {
  config_.by_recency = false;
  recent_ = 0.9;
  EXPECT_THAT(make().gates(in_context(0)), Pointwise(DoubleNear(1e-15), {kHalf, kHalf, 0.0}));
}

// rate * |d| * gate * x, at R / least R = 2.
TEST_F(InhibitionTest, WhatDidNotComeIsInhibited) {
  Inhibition inhibition = make();
  const Sparse x{{0, 1}, {1, 0.5}, {kCues, 0.3}};
  inhibition.learn({x, {kHalf, kHalf, 0}, -1, 1, 2});
  const double step = 0.18 / 2 * kHalf;
  EXPECT_THAT(fast_, Pointwise(DoubleNear(1e-15), {step, step / 2, step, step / 2, 0.0, 0.0}));
  EXPECT_THAT(slow_, Each(0));
  EXPECT_NEAR(inhibition.of(x, {kHalf, kHalf, 0}), 2 * kHalf * step * 1.25, 1e-15);
  EXPECT_NEAR(inhibition.of({{1, 2}}, {kHalf, 0, 0.5}), kHalf * step, 1e-15);
}

TEST_F(InhibitionTest, HalfOfItHoldsInAnotherContext) {
  Inhibition inhibition = make(2);
  const Moment here = in_context(0), elsewhere = in_context(1);
  inhibition.learn({here.seen, inhibition.gates(here), -1, 1, 1});
  EXPECT_NEAR(inhibition.of(here.read, inhibition.gates(here)), 0.18, 1e-15);
  EXPECT_NEAR(inhibition.of(elsewhere.read, inhibition.gates(elsewhere)), 0.09, 1e-15);
}

TEST_F(InhibitionTest, SoonAfterSomethingHappenedLessOfItHolds) {
  Inhibition inhibition = make();
  const Moment moment = in_context(0);
  inhibition.learn({moment.seen, inhibition.gates(moment), -1, 1, 1});
  inhibition.end_trial(true);
  slow_.assign(slow_.size(), 0);
  fast_ = {0.18 * kHalf, 0, 0.18 * kHalf, 0, 0, 0};
  EXPECT_EQ(recent_, 1);
  EXPECT_NEAR(inhibition.of(moment.read, inhibition.gates(moment)), 0.09, 1e-15);
}

TEST_F(InhibitionTest, AnExampleCountsAsOftenAsItIsSaidAndNoLongerThanItHasAnError) {
  const Sparse x{{0, 1}, {1, 0.5}};
  const auto predicts = [&](double weight) {
    Inhibition inhibition = make();
    inhibition.learn({x, {1, 0, 0}, -0.5, weight, 1});
    const double found = inhibition.of(x, {1, 0, 0});
    fast_.assign(fast_.size(), 0);
    return found;
  };
  EXPECT_NEAR(predicts(0.5), 0.5 * 0.18 * 0.5 * 1.25, 1e-15);
  EXPECT_NEAR(predicts(2), 2 * 0.18 * 0.5 * 1.25, 1e-15);
  EXPECT_NEAR(predicts(20), 0.5, 1e-15);
  config_.rate = 2;
  EXPECT_NEAR(predicts(1), 2 * 0.5 * 1.25, 1e-15) << "what one example does is the rate's matter";
  EXPECT_NEAR(predicts(20), 2 * 0.5 * 1.25, 1e-15);
}

TEST_F(InhibitionTest, ItGoesWhereMoreCameAndTheRestComesOffTheSlow) {
  Inhibition inhibition = make();
  fast_[0] = 0.2;
  fast_[1] = 0.05;
  slow_[0] = slow_[1] = 0.1;
  inhibition.learn({{{0, 1}, {1, 1}}, {1, 0, 0}, 1, 1, 1});  // by rate * loss = .126
  EXPECT_NEAR(fast_[0], 0.2 - 0.126, 1e-15);
  EXPECT_EQ(slow_[0], 0.1);
  EXPECT_EQ(fast_[1], 0);
  EXPECT_NEAR(slow_[1], 0.1 + 0.05 - 0.126, 1e-15);
  inhibition.learn({{{1, 1}}, {1, 0, 0}, 1, 1, 1});
  EXPECT_EQ(slow_[1], 0) << "no less than none";
}

TEST_F(InhibitionTest, FeaturesOfContextsAreNotInhibited) {
  Inhibition inhibition = make();
  const Sparse context{{kCues, 1}};
  inhibition.learn({context, {1, 1, 1}, -1, 1, 1});
  EXPECT_THAT(fast_, Each(0));
  fast_.assign(fast_.size(), 1);
  EXPECT_EQ(inhibition.of(context, {1, 1, 1}), 0);
}

TEST_F(InhibitionTest, ATrialConsolidatesAndFades) {
  config_.consolidate = 0.25;
  config_.fade = 0.5;
  config_.recency = 0.75;
  Inhibition inhibition = make();
  fast_.assign(fast_.size(), 1);
  slow_.assign(slow_.size(), 2);
  recent_ = 0.5;
  inhibition.end_trial(false);
  EXPECT_THAT(slow_, Each(2.25));
  EXPECT_THAT(fast_, Each(0.375));
  EXPECT_EQ(recent_, 0.375);
  inhibition.end_trial(true);
  EXPECT_EQ(recent_, 1);
}

TEST_F(InhibitionTest, RestFadesTheFastAloneAsSoManyTrialsDo) {
  config_.fade = 0.5;
  config_.recency = 0.75;
  Inhibition inhibition = make();
  fast_.assign(fast_.size(), 1);
  slow_.assign(slow_.size(), 2);
  recent_ = 1;
  inhibition.rest(2);
  EXPECT_THAT(fast_, Each(0.25));
  EXPECT_THAT(slow_, Each(2));
  EXPECT_EQ(recent_, 0.5625);
}

}  // namespace
}  // namespace limbic::brain
