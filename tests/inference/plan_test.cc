#include "limbic/inference/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>

#include "../support/fake_brain.h"
#include "../support/table_cortex.h"
#include "limbic/core/error.h"

namespace limbic::inference {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;
using testing_support::TableCortex;
using worlds::Kind;

// The sure arm yields 1, the coin 3 or -3.
class LuckTest : public testing::Test {
 protected:
  LuckTest() { table_.copy_(at::tensor({0., 2., 0., 1., 0., 1.}, at::kDouble).view({2, 3})); }

  [[nodiscard]] Plan decide(const PlanConfig& config, int64_t num_rows = 1) const {
    return plan(*brain_, schema_, worlds::empty_episodes(schema_, num_rows), nothing(num_rows),
                config, Stream(2));
  }
  [[nodiscard]] PlanConfig config(const std::string& outcome, double temperature = 0) const {
    return {.decide = {{"arm", {}}}, .outcome = {outcome, {}}, .temperature = temperature};
  }
  [[nodiscard]] at::Tensor nothing(int64_t num_rows) const {
    return at::zeros({num_rows, 1, schema_.num_cells()}, at::kBool);
  }
  void expect_refused(const PlanConfig& config, const at::Tensor& observed_BTV,
                      const std::string& message) const {
    const worlds::Episodes none = worlds::empty_episodes(schema_, 1);
    EXPECT_THAT([&] { (void)plan(*brain_, schema_, none, observed_BTV, config, Stream(2)); },
                ThrowsMessage<Error>(StrEq(message)));
  }

  worlds::Schema schema_{
      {{.name = "arm", .kind = Kind::kCategory, .size = 2, .names = {"sure", "coin"}},
       {.name = "outcome", .kind = Kind::kCategory, .size = 3, .names = {"-3", "+1", "3"}}},
      1};
  at::Tensor table_ = at::zeros({2, 3}, at::kDouble);
  std::shared_ptr<TableCortex> cortex_ = std::make_shared<TableCortex>(schema_, table_);
  std::shared_ptr<brain::Brain> brain_ = std::make_shared<brain::Brain>(
      cortex_, std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{"calm"}),
      std::make_shared<const brain::Program>(
          config::parse<brain::SteeringConfig>("variables: {calm: {truth: 0}}", "steering.yaml"),
          schema_));
};

TEST_F(LuckTest, ExpectedValueTakesTheSureArmWhereAWishedForOutcomeTakesTheCoin) {
  const Plan found = decide(config("outcome"));
  EXPECT_TRUE(at::allclose(found.value_BN, at::tensor({1., 0.}, at::kDouble).view({1, 2})));
  EXPECT_EQ(found.decided.value[0].item<int64_t>(), 0);
  EXPECT_TRUE(found.decided.present_BTV[0][0][0].item<bool>());
  EXPECT_FALSE(found.decided.present_BTV[0][0][1].item<bool>());

  worlds::Episodes wish = worlds::empty_episodes(schema_, 1);
  wish.value[1].fill_(2);
  at::Tensor observed_BTV = nothing(1);
  observed_BTV[0][0][1] = true;
  const auto arm = brain::mean(cortex_->marginals(wish, {observed_BTV, nothing(1)})[0]);
  EXPECT_EQ(arm.argmax().item<int64_t>(), 1) << "given a 3, it was the coin";
}

TEST_F(LuckTest, TemperatureMakesChoicesSoft) {
  const Plan found = decide(config("outcome", 0.5), 4000);
  const double sure = 1 / (1 + std::exp(-1 / 0.5));
  EXPECT_NEAR(found.probability_BN[0][0].item<double>(), sure, 1e-6);
  EXPECT_NEAR(found.chosen_B.eq(0).to(at::kDouble).mean().item<double>(), sure, 0.025);
  EXPECT_TRUE(found.decided.value[0].flatten().equal(found.chosen_B));
}

TEST_F(LuckTest, AnExpressionIsAveragedOverImaginedOutcomes) {
  PlanConfig wish = config("outcome == '3'");
  wish.rollouts = 2000;
  const Plan found = decide(wish);
  EXPECT_EQ(found.value_BN[0][0].item<double>(), 0);
  EXPECT_NEAR(found.value_BN[0][1].item<double>(), 0.5, 0.05);
  EXPECT_EQ(found.decided.value[0].item<int64_t>(), 1);
}

TEST_F(LuckTest, RolloutsInWhichAnExpressionIsAbsentDoNotCount) {
  const Plan found = decide(config("where(outcome == '-3', sqrt(-1), 4)"));
  EXPECT_TRUE(found.value_BN.eq(4).all().item<bool>()) << found.value_BN;
}

TEST_F(LuckTest, SeveralDecisionsAreDrawnFromWhatIsLikely) {
  PlanConfig both = config("-assess.calm");
  both.decide = {{"*", {}}};
  both.candidates = 12;
  const Plan found = decide(both, 2);
  EXPECT_EQ(found.value_BN.sizes(), at::IntArrayRef({2, 12}));
  const auto index = cortex_->index(found.candidates);
  EXPECT_TRUE(index.eq(1).logical_or(index.eq(3)).logical_or(index.eq(5)).all().item<bool>());
  EXPECT_GT(std::get<0>(at::_unique(index)).numel(), 1);
}

// More rows than are imagined in one go, the last of which know that the arm is the coin.
TEST_F(LuckTest, RowsOfALaterPartAreDecidedInTheirOwnSituation) {
  const int64_t known = 20, num_rows = kImaginedAtOnce / 3 + known;
  worlds::Episodes episodes = worlds::empty_episodes(schema_, num_rows);
  episodes.value[0].narrow(0, num_rows - known, known).fill_(1);
  episodes.present_BTV.narrow(0, num_rows - known, known).select(2, 0).fill_(true);
  const at::Tensor observed_BTV = episodes.present_BTV.clone();
  PlanConfig config = this->config("arm == 'coin'");
  config.decide = {{"outcome", {}}};
  config.rollouts = 1;
  const Plan found = plan(*brain_, schema_, episodes, observed_BTV, config, Stream(2));
  ASSERT_EQ(found.value_BN.sizes(), at::IntArrayRef({num_rows, 3}));
  const auto sure_B = found.value_BN.select(1, 1);  // of outcome 1
  EXPECT_EQ(sure_B.narrow(0, 0, num_rows - known).sum().item<double>(), 0);
  EXPECT_EQ(sure_B.narrow(0, num_rows - known, known).sum().item<double>(), known);
}

TEST_F(LuckTest, WhatCannotBeDecidedIsRefused) {
  at::Tensor arm_given = nothing(1), outcome_given = nothing(1);
  arm_given[0][0][0] = true;
  outcome_given[0][0][1] = true;
  expect_refused(config("outcome"), arm_given, "'arm' is both given and decided");
  expect_refused(config("outcome"), outcome_given, "'outcome' is both given and the outcome");
  expect_refused(config("arm"), nothing(1), "'arm' is both decided and the outcome");
  expect_refused(config("where(outcome == '3', 4, sqrt(-1))"), nothing(1),
                 "'where(outcome == '3', 4, sqrt(-1))' is ABSENT in all that is imagined of a "
                 "decision");
}

}  // namespace
}  // namespace limbic::inference
