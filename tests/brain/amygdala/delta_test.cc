#include "limbic/brain/amygdala/delta.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "conditioning.h"
#include "limbic/core/error.h"

namespace limbic::brain {
namespace {

using conditioning::lesson;
using conditioning::program;
using conditioning::thoughts;
using conditioning::together;

/// Trials of one tick with the cues A and B, a feature each; A&B is none, nor is there a context.
class DeltaTest : public testing::Test {
 protected:
  DeltaTest() {
    config_.code->onsets = false;
    config_.code->pairs = 0;
  }

  [[nodiscard]] static at::Tensor thought(double a, double b) {
    return at::tensor({a, b, a, b}, at::kDouble).unsqueeze(0);
  }
  static OnlineReadout::Record trial(Delta& delta, double a, double b, double us, double gate = 1) {
    auto statistics = lesson(thought(a, b), at::full({1, 1}, us));
    statistics[3].fill_(gate);
    return delta.live(statistics);
  }
  static double weight(const Delta& delta, int64_t feature, int64_t cell = 0) {
    return delta.named_buffers()["weight"][0][0][cell][feature].item<double>();
  }

  DeltaConfig config_;
  ThoughtMap map_ = thoughts({"A", "B"}, {});
  Program program_ = program("  fear: {truth: pain}\n", 1);
};

// A: .1, .19; then AB: error .81, A .271, B .081; then A alone, nothing: A .2439.
TEST_F(DeltaTest, WeightsAreThoseOfRescorlaAndWagner) {
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1);
  trial(delta, 1, 0, 1);
  EXPECT_NEAR(weight(delta, 0), 0.19, 1e-15);
  EXPECT_NEAR(trial(delta, 1, 1, 1).error_BTNC.item<double>(), 0.81, 1e-15);
  EXPECT_NEAR(weight(delta, 0), 0.271, 1e-15);
  EXPECT_NEAR(weight(delta, 1), 0.081, 1e-15) << "blocked";
  trial(delta, 1, 0, 0);
  EXPECT_NEAR(weight(delta, 0), 0.2439, 1e-15);
  EXPECT_NEAR(weight(delta, 1), 0.081, 1e-15);
  const Scorecard card = delta.predict(thought(1, 0.5).unsqueeze(0));
  EXPECT_NEAR(card.mean_BTN.item<double>(), 0.2439 + 0.0405, 1e-7);
  EXPECT_EQ(card.variance_BTN.item<double>(), 0) << "a single cell knows no spread";
}

TEST_F(DeltaTest, AnErrorThatIsNotFiniteEndsTheStepAndIsTold) {
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1);
  const double infinity = std::numeric_limits<double>::infinity();
  EXPECT_THAT([&] { trial(delta, 1, 0, infinity); },
              testing::ThrowsMessage<Error>(testing::StartsWith(
                  "assessor 'fear' can't learn: its error of tick 0 is inf; ")));
}

TEST_F(DeltaTest, TheGateIsAFactorOnTheStep) {
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1, /*gate=*/0.5);
  EXPECT_NEAR(weight(delta, 0), 0.05, 1e-15);
  trial(delta, 1, 0, 1, 0);
  EXPECT_NEAR(weight(delta, 0), 0.05, 1e-15);
}

TEST_F(DeltaTest, NothingIsLearnedAboutAnInferredCue) {
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 0, 1, 1);  // B is worth .1
  const auto inferring = at::tensor({1.0, 1.0, 1.0, 0.0}, at::kDouble).unsqueeze(0);
  const auto record = delta.live(lesson(inferring, at::ones({1, 1})));
  EXPECT_NEAR(record.prediction_BTNC.item<double>(), 0.18 * 0.1, 1e-15);
  EXPECT_NEAR(weight(delta, 0), 0.1 * (1 - 0.018), 1e-15);
  EXPECT_NEAR(weight(delta, 1), 0.1, 1e-15);
}

TEST_F(DeltaTest, SharesOfGoodNewsAreSpreadEvenly) {
  config_.cells = 5;
  config_.asymmetry = 1;
  const Delta wide(config_, map_, program_, Stream(1));
  config_.asymmetry = 0.5;
  const Delta narrow(config_, map_, program_, Stream(1));
  for (const int64_t cell : {0, 1, 2, 3, 4}) {
    EXPECT_NEAR(wide.tau(cell), 0.1 + 0.2 * static_cast<double>(cell), 1e-15);
    EXPECT_NEAR(narrow.tau(cell), 0.3 + 0.1 * static_cast<double>(cell), 1e-15);
  }
  EXPECT_EQ(Delta(DeltaConfig{}, map_, program_, Stream(1)).tau(0), 0.5);
}

// Good news of 1 at tau .25, .75 and rate .1: steps .05 and .15; bad news of as much: the reverse.
TEST_F(DeltaTest, CellsLearnFromGoodNewsByTheirShareAndFromBadByTheRest) {
  config_.cells = 2;
  config_.asymmetry = 1;
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1);
  EXPECT_NEAR(weight(delta, 0, 0), 0.05, 1e-15);
  EXPECT_NEAR(weight(delta, 0, 1), 0.15, 1e-15);
  trial(delta, 0, 1, -1);
  EXPECT_NEAR(weight(delta, 1, 0), -0.15, 1e-15);
  EXPECT_NEAR(weight(delta, 1, 1), -0.05, 1e-15);
  const Scorecard card = delta.predict(thought(1, 0).unsqueeze(0));
  EXPECT_NEAR(card.mean_BTN.item<double>(), 0.1, 1e-7) << "their mean";
  EXPECT_NEAR(card.variance_BTN.item<double>(), 0.0025, 1e-8) << "and their spread";
}

// 2 in one of four trials, else 0: tau .25 (2 - e) = (1 - tau) .75 e.
TEST_F(DeltaTest, CellsBecomeTheExpectilesOfWhatComes) {
  config_.cells = 5;
  config_.asymmetry = 0.8;
  config_.rate = 0.002;
  Delta delta(config_, map_, program_, Stream(1));
  std::vector<OwnRule::Statistics> trials;
  for (int i = 0; i < 4000; ++i)
    trials.push_back(lesson(thought(1, 0), at::full({1, 1}, i % 4 == 1 ? 2 : 0)));
  delta.learn({together(trials)});
  for (int64_t cell = 0; cell < 5; ++cell) {
    const double tau = delta.tau(cell);
    const double expectile = 2 * tau * 0.25 / (tau * 0.25 + (1 - tau) * 0.75);
    EXPECT_NEAR(weight(delta, 0, cell), expectile, 0.01) << tau;
  }
}

TEST_F(DeltaTest, CellsHaveRatesOfTheirOwn) {
  config_.cells = 400;
  config_.rate_spread = 0.5;
  const auto rate = [&](int64_t seed) {
    return Delta(config_, map_, program_, Stream(seed)).named_buffers()["rate"].clone();
  };
  const auto log = (rate(1) / 0.1).log();
  EXPECT_NEAR(log.mean().item<double>(), 0, 0.1);
  EXPECT_NEAR(log.std().item<double>(), 0.5, 0.06);
  EXPECT_FALSE(rate(1).equal(rate(2)));
  config_.rate_spread = 0;
  EXPECT_TRUE(rate(1).equal(at::full({1, 1, 400}, 0.1, at::kDouble)));
}

TEST_F(DeltaTest, ARateOfItsOwnIsWhatTheCellLearnsBy) {
  config_.cells = 2;
  config_.rate_spread = 1;
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1);
  const auto rate = delta.named_buffers()["rate"][0][0];
  for (const int64_t cell : {0, 1})
    EXPECT_NEAR(weight(delta, 0, cell), rate[cell].item<double>(), 1e-15);
  EXPECT_NE(weight(delta, 0, 0), weight(delta, 0, 1));
}

TEST_F(DeltaTest, SubjectsAndAssessorsKeepApart) {
  const Program two = program("  fear: {truth: pain}\n  joy: {truth: pain}\n", 1);
  config_.cells = 2;
  config_.rate_spread = 1;
  config_.asymmetry = 1;
  Delta all(config_, map_, two, Stream(1)), alone(config_, map_, two, Stream(6));
  all.divide({Stream(5), Stream(6)});
  const auto one = lesson(thought(1, 0), at::tensor({1.0, -3.0}).unsqueeze(0));
  const auto other = lesson(thought(1, 1), at::tensor({2.0, 0.5}).unsqueeze(0));
  all.learn({together({one, other, one, other})});
  alone.learn({together({other, other})});
  for (const char* name : {"weight", "rate"}) {
    EXPECT_TRUE(all.named_buffers()[name][1].equal(alone.named_buffers()[name][0])) << name;
    EXPECT_FALSE(all.named_buffers()[name][0].equal(alone.named_buffers()[name][0])) << name;
  }
}

TEST_F(DeltaTest, AChainSinksAtTheEndOfAStepThatTaught) {
  config_.chain = ChainConfig{.levels = 2, .rate = 0.25};
  Delta delta(config_, map_, program_, Stream(1));
  trial(delta, 1, 0, 1);
  EXPECT_NEAR(weight(delta, 0), 0.1 - 0.025, 1e-15);
  trial(delta, 1, 0, 1, /*gate=*/0);
  EXPECT_NEAR(weight(delta, 0), 0.1 - 0.025, 1e-15);
  EXPECT_NEAR(delta.named_buffers()["weight_chain"].max().item<double>(), 0.0125, 1e-15);
  delta.divide({Stream(1), Stream(2), Stream(3)});
  EXPECT_EQ(delta.named_buffers()["weight_chain"].sizes(), at::IntArrayRef({1, 3, 1, 1, 2}));
}

}  // namespace
}  // namespace limbic::brain
