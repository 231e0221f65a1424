#include "limbic/losses/signal_losses.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>
#include <string>

#include "../support/fake_brain.h"

namespace limbic::losses {
namespace {

using testing::ThrowsMessage;
using testing_support::counted_rows;
using testing_support::kEye;
using testing_support::make_absent;
using testing_support::small_schema;

class SignalLossTest : public testing::Test {
 protected:
  // Two rows of two ticks; flinch says 1, 2 / 3, 4 and calm 0, 0 / 1, 1 before the link.
  SignalLossTest() {
    episodes_.value[kEye].copy_(torch::tensor({0.F, 4.F, 3.F, 10.F}).view({2, 2, 1}));
    raw_ = torch::tensor({1.F, 0.F, 2.F, 0.F, 3.F, 1.F, 4.F, 1.F}).view({2, 2, 2});
    raw_.requires_grad_();
    signals_.scorecard = {raw_, 2 * raw_, torch::full({2, 2, 2}, 4.F)};
  }

  template <class Config>
  LossPointer made(LossPointer (*make)(const Config&, const worlds::Schema&, const brain::Program&),
                   const std::string& yaml) {
    return make(config::parse<Config>(yaml, "a.yaml"), small_schema(), *brain_.program);
  }
  at::Tensor value(const Loss& loss) { return loss(*brain_.brain, episodes_, signals_, {}); }
  double number(const LossPointer& loss) { return value(*loss).item<double>(); }

  testing_support::FakeBrain brain_;
  worlds::Episodes episodes_ = counted_rows(2);
  at::Tensor raw_;
  brain::Signals signals_;
};

TEST_F(SignalLossTest, MseComparesMeansWithTheTarget) {
  // means 2, 4 / 6, 8 against 0, 4 / 3, 10
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye}")),
                  (4.0 + 0 + 9 + 4) / 4);
}

TEST_F(SignalLossTest, LeadComparesAnEarlierPredictionWithALaterTarget) {
  // means 2 / 6 of tick 0 against 4 / 10 of tick 1
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye, lead: 1 tick}")),
                  (4.0 + 16) / 2);
}

TEST_F(SignalLossTest, NoTickTeachesPastThoseThatItSaysItTeaches) {
  for (const auto* const lead : {"0 ticks", "1 tick"}) {
    const auto loss = made(make_mse, concat("{of: assess.flinch, against: eye, lead: ", lead, "}"));
    const at::Tensor gradient = torch::autograd::grad({value(*loss)}, {raw_})[0];
    const int64_t taught = loss->taught_ticks(2);
    EXPECT_TRUE(gradient.narrow(1, taught, 2 - taught).eq(0).all().item<bool>()) << lead;
    EXPECT_TRUE(gradient.select(1, taught - 1).ne(0).any().item<bool>()) << lead;
  }
}

TEST_F(SignalLossTest, RowsWithoutATargetAreLeftOut) {
  make_absent(episodes_, 1, kEye);
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye}")), (4.0 + 0) / 2);
}

TEST_F(SignalLossTest, SoAreThoseOfWhichAComparisonKnowsNothing) {
  make_absent(episodes_, 1, kEye);
  // means 2, 4 against 0, 1; of who asks for it 6, 8 against 0, 0 too
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye > 2}")), (4.0 + 9) / 2);
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: truth.flinch}")),
                  (4.0 + 9) / 2);
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: present(eye) and eye > 2}")),
                  (4.0 + 9 + 36 + 64) / 4);
}

TEST_F(SignalLossTest, AChunkWithoutAnyTargetIsZeroWithZeroGradient) {
  make_absent(episodes_, 0, kEye);
  make_absent(episodes_, 1, kEye);
  const at::Tensor loss = value(*made(make_mse, "{of: assess.flinch, against: eye}"));
  EXPECT_EQ(loss.item<double>(), 0.0);
  EXPECT_EQ(torch::autograd::grad({loss}, {raw_})[0].abs().max().item<double>(), 0.0);
}

TEST_F(SignalLossTest, WhereWeighsRowsAndTicks) {
  // weights 0, 4 / 3, 10
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye, where: eye}")),
                  (3 * 9 + 10 * 4) / 17.0);
}

TEST_F(SignalLossTest, WhatIsBelowZeroWeighsNothing) {
  // weights 0, .5 / 0, 6.5
  EXPECT_FLOAT_EQ(number(made(make_mse, "{of: assess.flinch, against: eye, where: eye - 3.5}")),
                  (0.5 * 0 + 6.5 * 4) / 7);
}

TEST_F(SignalLossTest, WithALeadTheWeightIsOfTheTargetsTick) {
  // errors 4 / 16 as above, weights 4 / 10 of tick 1
  EXPECT_FLOAT_EQ(
      number(made(make_mse, "{of: assess.flinch, against: eye, lead: 1 tick, where: eye}")),
      (4 * 4 + 10 * 16) / 14.0);
}

TEST_F(SignalLossTest, HuberIsLinearBeyondDelta) {
  // errors 2, 0 / 3, 2
  EXPECT_FLOAT_EQ(number(made(make_huber, "{of: assess.flinch, against: eye, delta: 2}")),
                  (2.0 + 0 + 4 + 2) / 4);
}

TEST_F(SignalLossTest, BceReadsTheRawOutputAsALogit) {
  // targets 0, 1 / 1, 1
  const auto softplus = [](double x) { return std::log1p(std::exp(x)); };
  EXPECT_NEAR(number(made(make_bce, "{of: assess.flinch, against: truth.flinch}")),
              (softplus(1) + softplus(-2) + softplus(-3) + softplus(-4)) / 4, 1e-6);
}

TEST_F(SignalLossTest, BceLeavesOutTargetsThatAreNoProbability) {
  // targets 0, 4 / 3, 10, and less by 1
  EXPECT_NEAR(number(made(make_bce, "{of: assess.flinch, against: eye}")),
              std::log1p(std::exp(1.0)), 1e-6);
  EXPECT_EQ(number(made(make_bce, "{of: assess.flinch, against: eye - 1}")), 0.0);
}

TEST_F(SignalLossTest, BceIsOfClaimsAlone) {
  EXPECT_THAT(
      [&] { made(make_bce, "{of: assess.calm, against: threat}"); },
      ThrowsMessage<ConfigError>("a.yaml:1:6: 'assess.calm' is a value and no claim, so it has no "
                                 "logit: let its truth compare (truth: x > 0.5), or teach it by "
                                 "mse"));
}

TEST_F(SignalLossTest, GaussianNllReadsMeanAndVariance) {
  const double constant = 0.5 * std::log(2 * std::numbers::pi * 4);
  EXPECT_NEAR(number(made(make_gaussian_nll, "{of: assess.flinch, against: eye}")),
              constant + 0.5 * (4.0 + 0 + 9 + 4) / 4 / 4, 1e-6);
}

TEST_F(SignalLossTest, CrossEntropyTakesOneAssessorPerClass) {
  // tick 0 only: threat is 0 / 1, logits (1, 0) / (3, 1)
  const auto loss = made(make_cross_entropy, "{of: [assess.flinch, assess.calm], against: threat}");
  EXPECT_NEAR(number(loss), (std::log(1 + std::exp(-1.0)) + std::log(1 + std::exp(2.0))) / 2, 1e-6);
}

TEST_F(SignalLossTest, CrossEntropyLeavesOutClassesThatHaveNoAssessor) {
  // targets 0, 4 / 3, 10: only the first is one of two classes
  const auto loss = made(make_cross_entropy, "{of: [assess.flinch, assess.calm], against: eye}");
  EXPECT_NEAR(number(loss), std::log(1 + std::exp(-1.0)), 1e-6);
  const auto sums = loss->gate_sums(*brain_.brain, episodes_, signals_, {});
  EXPECT_TRUE(sums.gate_N.equal(torch::tensor({1.F, 1.F})));
  EXPECT_TRUE(sums.count_N.equal(torch::tensor({1.F, 1.F})));
}

TEST_F(SignalLossTest, CrossEntropyLeavesOutWhatLiesBetweenClasses) {
  // targets -.9, .3 / .75, 1: only the last is one of two classes, of logits 4, 1
  episodes_.value[kEye].copy_(torch::tensor({-0.9F, 0.3F, 0.75F, 1.F}).view({2, 2, 1}));
  const auto loss = made(make_cross_entropy, "{of: [assess.flinch, assess.calm], against: eye}");
  EXPECT_NEAR(number(loss), std::log(1 + std::exp(3.0)), 1e-6);
}

TEST_F(SignalLossTest, CrossEntropyRefusesACategoryOfMoreOrFewerThanItsAssessors) {
  EXPECT_THAT([&] { made(make_cross_entropy, "of: [assess.flinch, assess.calm]\nagainst: c\n"); },
              ThrowsMessage<ConfigError>("a.yaml:2:10: 'c' has 3 categories, and 'of' names 2 "
                                         "assessors: name one for each"));
}

TEST_F(SignalLossTest, BceRefusesAVariableThatIsSurelyNoProbability) {
  EXPECT_THAT(
      [&] { made(make_bce, "of: assess.flinch\nagainst: c\n"); },
      ThrowsMessage<ConfigError>("a.yaml:2:10: 'c' has 3 categories and is no probability"));
  const worlds::Schema schema({{.name = "age", .low = 0, .high = 120},
                               {.name = "share", .low = 0, .high = 1},
                               {.name = "weight"}},
                              /*num_ticks=*/1);
  const brain::Program program(
      config::parse<brain::SteeringConfig>("variables: {flinch: {truth: always}}", "steering.yaml"),
      schema);
  const auto teach = [&](const std::string& against) {
    const std::string yaml = "of: assess.flinch\nagainst: " + against + "\n";
    (void)make_bce(config::parse<SignalConfig>(yaml, "a.yaml"), schema, program);
  };
  EXPECT_THAT([&] { teach("age"); },
              ThrowsMessage<ConfigError>("a.yaml:2:10: 'age' may be 120 and is no probability: "
                                         "compare it, or scale it"));
  for (const auto* const fits : {"age > 60", "age / 120", "share", "weight"})
    EXPECT_NO_THROW(teach(fits)) << fits;
}

TEST_F(SignalLossTest, TheTargetLearnsNothing) {
  const at::Tensor loss = value(*made(make_mse, "{of: assess.flinch, against: assess.calm}"));
  const at::Tensor gradient = torch::autograd::grad({loss}, {raw_})[0];
  EXPECT_GT(gradient.select(2, 0).abs().max().item<double>(), 0.0);
  EXPECT_EQ(gradient.select(2, 1).abs().max().item<double>(), 0.0);
}

TEST_F(SignalLossTest, TeachesTheNamedAssessorAlone) {
  const auto sums = made(make_mse, "{of: assess.calm, against: eye}")
                        ->gate_sums(*brain_.brain, episodes_, signals_, {});
  EXPECT_TRUE(sums.gate_N.equal(torch::tensor({0.F, 4.F})));
  EXPECT_TRUE(sums.count_N.equal(torch::tensor({0.F, 4.F})));
}

// Weights 0, 2 / 1.5, 5, or of the first row alone.
TEST_F(SignalLossTest, RowsThatTeachNothingOpenNoGateAndAllOthersOpenItAsFar) {
  const auto loss = made(make_mse, "{of: assess.calm, against: eye, where: eye * 0.5}");
  auto sums = loss->gate_sums(*brain_.brain, episodes_, signals_, {});
  EXPECT_TRUE(sums.gate_N.equal(torch::tensor({0.F, 3.F})));
  EXPECT_TRUE(sums.count_N.equal(torch::tensor({0.F, 3.F})));
  make_absent(episodes_, 1, kEye);
  sums = loss->gate_sums(*brain_.brain, episodes_, signals_, {});
  EXPECT_TRUE(sums.gate_N.equal(torch::tensor({0.F, 1.F})));
  EXPECT_TRUE(sums.count_N.equal(torch::tensor({0.F, 1.F})));
}

TEST_F(SignalLossTest, WhereItIsInfiniteWhereCountsForNothing) {
  // weights infinite, 1 / 1, 1
  EXPECT_FLOAT_EQ(number(made(make_mse,
                              "{of: assess.flinch, against: eye, where: \"where(eye == 0, 1 / eye, "
                              "1)\"}")),
                  (0.0 + 9 + 4) / 3);
}

TEST_F(SignalLossTest, NamesTheNearestAssessor) {
  EXPECT_THAT(
      [&] { made(make_mse, "of: assess.flich\nagainst: eye\n"); },
      ThrowsMessage<ConfigError>("a.yaml:1:5: no assessor is called 'assess.flich'; did you mean "
                                 "'assess.flinch'?"));
}

TEST_F(SignalLossTest, RefusesALeadAsLongAsTheEpisode) {
  EXPECT_THAT([&] { made(make_mse, "{of: assess.flinch, against: eye, lead: 2 ticks}"); },
              ThrowsMessage<ConfigError>(
                  "a.yaml:1:30: a lead of 2 ticks leaves nothing of an episode of 2"));
}

TEST_F(SignalLossTest, RefusesCrossEntropyOfOneClass) {
  EXPECT_THAT([&] { made(make_cross_entropy, "{of: [assess.flinch], against: eye}"); },
              ThrowsMessage<ConfigError>("a.yaml:1:1: cross_entropy needs at least 2 assessors"));
}

}  // namespace
}  // namespace limbic::losses
