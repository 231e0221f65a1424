#include "limbic/inference/plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <utility>

#include "../support/fake_brain.h"
#include "../support/table_cortex.h"
#include "limbic/core/error.h"

namespace limbic::inference {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;
using testing_support::TableCortex;
using worlds::Kind;

std::shared_ptr<brain::Brain> brain_with(std::shared_ptr<brain::Cortex> cortex,
                                         const worlds::Schema& schema) {
  return std::make_shared<brain::Brain>(
      std::move(cortex),
      std::make_shared<testing_support::FakeAmygdala>(std::vector<std::string>{"calm"}),
      std::make_shared<const brain::Program>(
          config::parse<brain::SteeringConfig>("variables: {calm: {truth: 0}}", "steering.yaml"),
          schema));
}

// The sure arm yields 1, the coin 3 or -3.
class LuckTest : public testing::Test {
 protected:
  LuckTest() { table_.copy_(at::tensor({0., 2., 0., 1., 0., 1.}, at::kDouble).view({2, 3})); }

  [[nodiscard]] Plan decide(const PlanConfig& config, int64_t num_rows = 1) const {
    return plan(*brain_, schema_, worlds::empty_episodes(schema_, num_rows), nothing(num_rows),
                config, Stream(2));
  }
  [[nodiscard]] PlanConfig config(const std::string& outcome, double temperature = 0) const {
    return {.decide_TV = decided("arm"), .outcome = {outcome, {}}, .temperature = temperature};
  }
  [[nodiscard]] at::Tensor decided(const std::string& glob) const {
    return decided_cells(schema_, {glob}, "--choose");
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
  std::shared_ptr<brain::Brain> brain_ = brain_with(cortex_, schema_);
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

TEST_F(LuckTest, AnInfiniteOutcomeIsTakenOrAvoidedForCertain) {
  const std::string price = "where(arm == 'coin', exp(1000), 1)";
  for (const double temperature : {0.0, 0.5}) {
    const auto chances = [&](const std::string& outcome) {
      return decide(config(outcome, temperature)).probability_BN.flatten();
    };
    EXPECT_TRUE(chances(price).equal(at::tensor({0., 1.}, at::kDouble))) << temperature;
    EXPECT_TRUE(chances("-" + price).equal(at::tensor({1., 0.}, at::kDouble))) << temperature;
  }
}

TEST_F(LuckTest, OutcomesThatAreEquallyInfiniteAreEquallyLikely) {
  for (const std::string sign : {"", "-"}) {
    const Plan found = decide(config(sign + "where(arm == 'coin', exp(1000), exp(2000))", 0.5));
    EXPECT_TRUE(found.value_BN.isinf().all().item<bool>()) << sign;
    EXPECT_TRUE(found.probability_BN.eq(0.5).all().item<bool>()) << sign;
  }
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
  both.decide_TV = decided("*");
  both.candidates = 12;
  const Plan found = decide(both, 2);
  EXPECT_EQ(found.value_BN.sizes(), at::IntArrayRef({2, 12}));
  const auto index = cortex_->index(found.candidates);
  EXPECT_TRUE(index.eq(1).logical_or(index.eq(3)).logical_or(index.eq(5)).all().item<bool>());
  EXPECT_GT(std::get<0>(at::_unique(index)).numel(), 1);
}

TEST_F(LuckTest, ADecisionThatIsDrawnAgainIsToldOnceWithTheChancesOfAllItsDraws) {
  PlanConfig both = config("arm == 'coin'", 0.5);
  both.decide_TV = decided("*");
  both.candidates = 64;
  both.rollouts = 1;
  const Plan found = decide(both);
  EXPECT_EQ(found.is_repeated_BN.logical_not().sum().item<int64_t>(), 3);
  const at::Tensor is_sure = cortex_->index(found.candidates).eq(1).view({1, 64});
  EXPECT_TRUE(found.value_BN.equal(is_sure.logical_not().to(at::kDouble)));
  const auto sure = is_sure.sum().item<double>();
  EXPECT_NEAR(found.probability_BN.masked_select(is_sure).sum().item<double>(),
              sure / (sure + (64 - sure) * std::exp(2.)), 1e-6);
  EXPECT_TRUE(found.probability_BN.masked_select(found.is_repeated_BN).eq(0).all().item<bool>());
}

// More rows than are imagined in one go, the last of which know that the arm is the coin.
TEST_F(LuckTest, RowsOfALaterPartAreDecidedInTheirOwnSituation) {
  const int64_t known = 20, num_rows = kImaginedAtOnce / 3 + known;
  worlds::Episodes episodes = worlds::empty_episodes(schema_, num_rows);
  episodes.value[0].narrow(0, num_rows - known, known).fill_(1);
  episodes.present_BTV.narrow(0, num_rows - known, known).select(2, 0).fill_(true);
  const at::Tensor observed_BTV = episodes.present_BTV.clone();
  PlanConfig config = this->config("arm == 'coin'");
  config.decide_TV = decided("outcome");
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

// The truth of calm is eye, which the cortex does not see.
TEST(PlanTest, WhatNobodyImaginesIsNoOutcome) {
  const testing_support::FakeBrain fake;
  const worlds::Schema schema = testing_support::small_schema();
  const int64_t eye = schema.offset(testing_support::kEye);
  worlds::Episodes episodes = worlds::empty_episodes(schema, 2);
  const PlanConfig config{.decide_TV = decided_cells(schema, {"c"}, "--choose"),
                          .outcome = {"truth.calm", {}}};
  const auto decide = [&] {
    return plan(*fake.brain, schema, episodes, at::zeros_like(episodes.present_BTV), config,
                Stream(2));
  };
  const auto refused = [&] { (void)decide(); };
  EXPECT_THAT(refused, ThrowsMessage<Error>(
                           StrEq("'truth.calm' reads 'eye', which nobody imagines in row 0")));
  episodes.present_BTV[0][0][eye] = true;
  EXPECT_THAT(refused, ThrowsMessage<Error>(
                           StrEq("'truth.calm' reads 'eye', which nobody imagines in row 1")));
  episodes.present_BTV[1][0][eye] = true;
  EXPECT_TRUE(decide().value_BN.eq(0).all().item<bool>());
}

// Three ticks of moves and prizes: a prize is its tick, and 10 more once `go` was chosen at tick 1.
class PrizeCortex : public testing_support::FakeCortex {
 public:
  brain::Marginals marginals(const worlds::Episodes& episodes, const brain::Question&) override {
    const at::Tensor mean = prizes(episodes).unsqueeze(2);  // [B, t, cells, components, size]
    return {brain::Categorical{at::zeros({episodes.num_rows(), 3, 1, 2})},
            brain::GaussianMixture{.logits = at::zeros_like(mean.squeeze(-1)),
                                   .mean = mean,
                                   .scale = at::ones_like(mean),
                                   .factor = at::zeros({1, 0})}};
  }
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const brain::SamplingOptions&, const Stream&) override {
    worlds::Episodes drawn = episodes;
    drawn.value[1] = prizes(episodes).squeeze(-1);
    drawn.present_BTV = episodes.present_BTV.logical_or(roles.asked_BTV);
    num_asked = roles.asked_BTV[0].sum().item<int64_t>();
    return drawn;
  }
  at::Tensor think(const worlds::Episodes& episodes, const brain::Question&) override {
    return at::zeros({episodes.num_rows(), 3, 3});
  }

  int64_t num_asked = 0;  // cells of the first row, by the last sample

 private:
  // [B, t, cells, 1]
  [[nodiscard]] at::Tensor prizes(const worlds::Episodes& episodes) const {
    const at::Tensor moved_B = episodes.value[0].select(1, 1).flatten();
    return (10 * moved_B.view({-1, 1, 1, 1}) + at::arange(3).view({1, 3, 1, 1})).to(at::kFloat);
  }
};

class MomentTest : public testing::Test {
 protected:
  [[nodiscard]] Plan decide(const PlanConfig& config) const {
    return plan(*brain_, schema_, worlds::empty_episodes(schema_, 1),
                at::zeros({1, 3, schema_.num_cells()}, at::kBool), config, Stream(2));
  }
  [[nodiscard]] at::Tensor decided(const std::string& glob) const {
    return decided_cells(schema_, {glob}, "--choose");
  }
  static void expect_values(const Plan& found, double stay, double go) {
    EXPECT_TRUE(found.value_BN.equal(at::tensor({stay, go}, at::kDouble).view({1, 2})))
        << found.value_BN;
  }
  void expect_refused(const PlanConfig& config, const std::string& message) const {
    EXPECT_THAT([&] { (void)decide(config); }, ThrowsMessage<Error>(StrEq(message)));
  }

  worlds::Schema schema_{{{.name = "move",
                           .kind = Kind::kCategory,
                           .size = 2,
                           .num_ticks = 3,
                           .names = {"stay", "go"}},
                          {.name = "prize", .num_ticks = 3}},
                         3};
  std::shared_ptr<PrizeCortex> cortex_ = std::make_shared<PrizeCortex>();
  std::shared_ptr<brain::Brain> brain_ = brain_with(cortex_, schema_);
};

TEST_F(MomentTest, AMoveIsChosenForAPrizeOfAnotherTick) {
  const Plan found = decide({.decide_TV = decided("move@1"), .outcome = {"prize@2", {}}});
  expect_values(found, 2, 12);
  EXPECT_EQ(found.decided.value[0].flatten()[1].item<int64_t>(), 1);
  EXPECT_TRUE(
      found.decided.present_BTV.nonzero().flatten().equal(at::tensor({0, 1, 0}, at::kLong)));
}

TEST_F(MomentTest, AnExpressionIsJudgedAtItsTickOnceAllUpToItIsImagined) {
  PlanConfig twice{.decide_TV = decided("move@1"), .outcome = {"2 * prize", {}}, .tick = 2};
  expect_values(decide(twice), 4, 24);
  EXPECT_EQ(cortex_->num_asked, 5) << "all but the move";
  twice.tick = 0;
  expect_values(decide(twice), 0, 20);
  EXPECT_EQ(cortex_->num_asked, 2);
}

TEST_F(MomentTest, WithoutATickTheFirstIsMeant) {
  const auto ticks = [&](const std::string& glob) {
    return decided(glob).select(1, 0).to(at::kInt);
  };
  EXPECT_TRUE(ticks("move").equal(at::tensor({1, 0, 0}, at::kInt)));
  EXPECT_TRUE(ticks("move@*").equal(at::tensor({1, 1, 1}, at::kInt)));
}

TEST_F(MomentTest, WhatThereIsNotIsRefused) {
  expect_refused(
      {.decide_TV = decided("move@1"), .outcome = {"prize", {}}, .tick = 2},
      "a tick is for expressions: of a variable it is part of the name, as in 'prize@2'");
  expect_refused({.decide_TV = decided("move@1"), .outcome = {"-prize", {}}, .tick = 3},
                 "there is no tick 3: the last one is 2");
  expect_refused({.decide_TV = decided("move@*"), .outcome = {"move@2", {}}},
                 "'move@2' is both decided and the outcome");
  EXPECT_THAT([&] { (void)decided("move@3"); },
              ThrowsMessage<Error>(StrEq(
                  "--choose: no variable or cell is called 'move@3'; did you mean 'move@0'?")));
}

}  // namespace
}  // namespace limbic::inference
