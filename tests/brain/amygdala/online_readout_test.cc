#include "limbic/brain/amygdala/online_readout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "conditioning.h"
#include "limbic/brain/amygdala/delta.h"

namespace limbic::brain {
namespace {

using conditioning::lesson;
using conditioning::program;
using conditioning::thoughts;
using testing::ElementsAre;

// Of a thought of two numbers, at once (alarm, a claim) and a tick later (fear).
class OnlineReadoutTest : public testing::Test {
 protected:
  Program program_ =
      program("  alarm: {truth: pain > 1}\n  fear: {truth: pain, lead: 1 ticks}\n", 2);
  DeltaConfig config_{.code = {}, .rate = 0.5};
  Delta readout_{config_, opaque_thought(2), program_, Stream(1)};
};

TEST_F(OnlineReadoutTest, FeaturesAreTheThoughtAndAConstant) {
  EXPECT_EQ(readout_.named_buffers()["weight"].size(3), 3);
  EXPECT_TRUE(readout_.reads_signals());
}

TEST_F(OnlineReadoutTest, FeaturesOfACodeAreTicksSinceTheOnsetOfEachCueThenContexts) {
  const Delta coded(DeltaConfig{}, thoughts({"A"}, {"K"}), program_, Stream(1));
  EXPECT_EQ(coded.named_buffers()["weight"].size(3), 2 + 1);
}

TEST_F(OnlineReadoutTest, PredictionsOfABinaryVariableAreProbabilities) {
  for (const double x : {-2.0, 3.0}) {
    readout_.named_buffers()["weight"].zero_();
    readout_.named_buffers()["weight"].select(3, 0).fill_(1);
    const auto thought = at::tensor({x, 0.0, x, 0.0}).view({1, 2, 2});
    const Scorecard card = readout_.predict(thought);
    EXPECT_EQ(card.raw_BTN.sizes(), at::IntArrayRef({1, 2, 2}));
    EXPECT_EQ(card.mean_BTN.scalar_type(), at::kFloat);
    EXPECT_EQ(card.raw_BTN[0][1][0].item<double>(), x);
    EXPECT_EQ(card.mean_BTN[0][1][0].item<double>(), x < 0 ? 0 : 1);
    EXPECT_EQ(card.mean_BTN[0][1][1].item<double>(), x) << "fear is a number";
  }
}

TEST_F(OnlineReadoutTest, ObservesTheThoughtAndWhatIsStated) {
  Signals signals;
  signals.thought_BTD = at::ones({1, 2, 2}).requires_grad_();
  signals.steer.truth_BTN = at::full({1, 2, 2}, 3.0F);
  signals.steer.override_BTN = at::tensor({1, 0, 0, 1}).view({1, 2, 2}).to(at::kBool);
  signals.steer.gate_BTN = at::full({1, 2, 2}, 0.5F);
  const auto statistics = readout_.observe({}, signals);
  ASSERT_EQ(statistics.size(), 4);
  for (const auto& part : statistics) {
    EXPECT_EQ(part.scalar_type(), at::kDouble);
    EXPECT_FALSE(part.requires_grad());
  }
  EXPECT_EQ(statistics[0].sum().item<double>(), 4);
  EXPECT_EQ(statistics[1][0][0][0].item<double>(), 3);
  EXPECT_TRUE(statistics[2].flatten().equal(at::tensor({1.0, 0.0, 0.0, 1.0}, at::kDouble)));
  EXPECT_EQ(statistics[3][0][1][1].item<double>(), 0.5);
}

// Alarm learns 1 at each tick of x = (1, 0) and the constant; fear at tick 0 what is stated at 1.
TEST_F(OnlineReadoutTest, RecordsWhatItMetTickByTick) {
  const auto thought = at::tensor({1.0, 0.0, 1.0, 0.0}).view({2, 2});
  const auto truth = at::tensor({1.0, 5.0, 1.0, 3.0}).view({2, 2});
  const auto first = readout_.live(lesson(thought, truth));
  const auto second = readout_.live(lesson(thought, truth));
  EXPECT_EQ(first.prediction_BTNC.sizes(), at::IntArrayRef({1, 2, 2, 1}));
  const auto of = [](const at::Tensor& x_BTNC, int64_t n) {
    return std::vector{x_BTNC[0][0][n][0].item<double>(), x_BTNC[0][1][n][0].item<double>()};
  };
  EXPECT_THAT(of(first.prediction_BTNC, 0), ElementsAre(0, 1)) << "both features learn a half";
  EXPECT_THAT(of(first.error_BTNC, 0), ElementsAre(1, 0));
  EXPECT_THAT(of(first.prediction_BTNC, 1), ElementsAre(0, 3));
  EXPECT_THAT(of(first.error_BTNC, 1), ElementsAre(0, 3)) << "known when it is stated";
  EXPECT_THAT(of(second.error_BTNC, 1), ElementsAre(0, 0)) << "the second trial knows it";
}

TEST_F(OnlineReadoutTest, RecallingIsMeetingWithoutLearning) {
  const auto thought = at::tensor({1.0, 0.0, 1.0, 0.0}).view({2, 2});
  const auto one = lesson(thought, at::tensor({1.0, 5.0, 1.0, 3.0}).view({2, 2}));
  readout_.learn({one});
  const auto weight = readout_.named_buffers()["weight"].clone();
  const auto recalled = readout_.recall(lesson(thought, at::full({2, 2}, 7.0)));
  EXPECT_TRUE(readout_.named_buffers()["weight"].equal(weight));
  for (const int64_t tick : {0, 1}) {
    EXPECT_EQ(recalled.prediction_BTNC[0][tick][0][0].item<double>(), 1);
    EXPECT_EQ(recalled.error_BTNC[0][tick][0][0].item<double>(), 6);
  }
  EXPECT_EQ(recalled.error_BTNC[0][1][1][0].item<double>(), 4) << "fear said 3 a tick before";
}

TEST_F(OnlineReadoutTest, WithoutSteeringVariablesThereIsNothingToSay) {
  const worlds::Schema schema({{.name = "pain", .num_ticks = 2}}, 2);
  const Program none(config::parse<SteeringConfig>("variables: {}\n", "a.yaml"), schema);
  Delta readout(config_, opaque_thought(2), none, Stream(1));
  EXPECT_EQ(readout.predict(at::zeros({3, 2, 2})).mean_BTN.sizes(), at::IntArrayRef({3, 2, 0}));
  const auto record = readout.live(lesson(at::zeros({2, 2}), at::zeros({2, 0})));
  EXPECT_EQ(record.error_BTNC.sizes(), at::IntArrayRef({1, 2, 0, 1}));
}

TEST_F(OnlineReadoutTest, AStepWithoutARowLeavesAllAsItWas) {
  const OwnRule::Statistics nothing{
      at::zeros({0, 2, 2}, at::kDouble), at::zeros({0, 2, 2}, at::kDouble),
      at::zeros({0, 2, 2}, at::kDouble), at::zeros({0, 2, 2}, at::kDouble)};
  EXPECT_EQ(readout_.live(nothing).error_BTNC.size(0), 0);
  EXPECT_EQ(readout_.named_buffers()["weight"].abs().max().item<double>(), 0);
}

}  // namespace
}  // namespace limbic::brain
