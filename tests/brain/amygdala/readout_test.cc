#include "limbic/brain/amygdala/readout.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <utility>
#include <vector>

#include "../steering/little_world.h"
#include "limbic/config/structs.h"

namespace limbic::brain {
namespace {

using testing::UnorderedElementsAre;

double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
double softplus(double x) { return std::log1p(std::exp(x)); }

std::vector<std::string> keys(const torch::nn::Module& module) {
  return module.named_parameters().keys();
}

void fill(torch::nn::Module& module, const std::string& name, const std::vector<float>& values) {
  const at::NoGradGuard no_grad;
  auto parameter = module.named_parameters()[name];
  parameter.copy_(at::tensor(values).view(parameter.sizes()));
}

// The same values for the same name.
void randomize(torch::nn::Module& module) {
  const at::NoGradGuard no_grad;
  for (const auto& item : module.named_parameters())
    item.value().copy_(Stream(9).child(item.key()).normal(item.value().sizes()));
}

// flinch is a claim (binary), strength is a number.
class ReadoutTest : public testing::Test {
 protected:
  LittleWorld world_;
  Program program_{
      steering("variables:\n  flinch: {truth: face > 0.5}\n  strength: {truth: face}\n"),
      world_.schema};
  at::Tensor thought_ = at::tensor({1.F, -2.F}).view({1, 1, 2});
};

TEST_F(ReadoutTest, LinearAssessorsAreThoseByHand) {
  Readout amygdala(LinearConfig{}, opaque_thought(2), program_, Stream(1));
  fill(amygdala, "flinch.weight", {0.5, 0.25});
  fill(amygdala, "flinch.bias", {0.75});
  fill(amygdala, "strength.weight", {3, 1, 0.5, -0.5});
  fill(amygdala, "strength.bias", {0.25, -1});
  const Scorecard card = amygdala.predict(thought_);
  EXPECT_EQ(card.raw_BTN.sizes(), at::IntArrayRef({1, 1, 2}));
  const auto at = [](const at::Tensor& x, int64_t i) { return x[0][0][i].item<double>(); };
  EXPECT_NEAR(at(card.raw_BTN, 0), 0.75, 1e-6);
  EXPECT_NEAR(at(card.mean_BTN, 0), sigmoid(0.75), 1e-6);
  EXPECT_NEAR(at(card.variance_BTN, 0), sigmoid(0.75) * sigmoid(-0.75), 1e-6);
  EXPECT_NEAR(at(card.raw_BTN, 1), 1.25, 1e-6);
  EXPECT_NEAR(at(card.mean_BTN, 1), 1.25, 1e-6);
  EXPECT_NEAR(at(card.variance_BTN, 1), softplus(0.5) + 1e-4, 1e-6);
}

TEST_F(ReadoutTest, MlpAssessorsAreThoseByHand) {
  Readout amygdala(MlpConfig{.hidden = 2}, opaque_thought(2), program_, Stream(1));
  fill(amygdala, "flinch.hidden_weight", {1, 0, 0, 1});
  fill(amygdala, "flinch.hidden_bias", {0.5, 0.5});
  fill(amygdala, "flinch.weight", {2, 10});  // the second unit is off: -2 + 0.5 < 0
  fill(amygdala, "flinch.bias", {-1});
  const Scorecard card = amygdala.predict(thought_);
  EXPECT_NEAR(card.raw_BTN[0][0][0].item<double>(), 2, 1e-6);
  EXPECT_NEAR(card.mean_BTN[0][0][0].item<double>(), sigmoid(2), 1e-6);
}

TEST_F(ReadoutTest, UntaughtItHasNoOpinion) {
  Readout linear(LinearConfig{}, opaque_thought(2), program_, Stream(1)),
      mlp(MlpConfig{}, opaque_thought(2), program_, Stream(1));
  for (Readout* amygdala : {&linear, &mlp}) {
    const Scorecard card = amygdala->predict(thought_);
    EXPECT_EQ(card.mean_BTN[0][0][0].item<float>(), 0.5F);
    EXPECT_EQ(card.mean_BTN[0][0][1].item<float>(), 0.F);
  }
  Readout drawn(LinearConfig{.zero_init = false}, opaque_thought(2), program_, Stream(1));
  EXPECT_NE(drawn.predict(thought_).mean_BTN[0][0][1].item<float>(), 0.F);
}

TEST_F(ReadoutTest, ParametersCarryTheNameOfTheirAssessor) {
  const Readout linear(LinearConfig{}, opaque_thought(2), program_, Stream(1)),
      mlp(MlpConfig{}, opaque_thought(2), program_, Stream(1));
  EXPECT_THAT(keys(linear), UnorderedElementsAre("flinch.weight", "flinch.bias", "strength.weight",
                                                 "strength.bias"));
  EXPECT_THAT(keys(mlp),
              UnorderedElementsAre("flinch.hidden_weight", "flinch.hidden_bias", "flinch.weight",
                                   "flinch.bias", "strength.hidden_weight", "strength.hidden_bias",
                                   "strength.weight", "strength.bias"));
}

TEST_F(ReadoutTest, NoParameterIsShared) {
  Readout linear(LinearConfig{.zero_init = false}, opaque_thought(2), program_, Stream(1)),
      mlp(MlpConfig{}, opaque_thought(2), program_, Stream(1));
  for (Readout* amygdala : {&linear, &mlp}) {
    const Scorecard card = amygdala->predict(thought_);
    (card.mean_BTN.select(2, 0) + card.variance_BTN.select(2, 0)).sum().backward();
    for (const auto& item : amygdala->named_parameters()) {
      const at::Tensor gradient = item.value().grad();
      const bool is_taught = gradient.defined() && gradient.abs().sum().item<float>() > 0;
      const bool is_behind_zeros = item.key().starts_with("flinch.hidden");
      EXPECT_EQ(is_taught, item.key().starts_with("flinch.") && !is_behind_zeros) << item.key();
    }
  }
}

TEST_F(ReadoutTest, EachAssessorIsDrawnByItsName) {
  const Program alone(steering("variables: {strength: {truth: face}}"), world_.schema);
  Readout both(MlpConfig{}, opaque_thought(2), program_, Stream(1)),
      one(MlpConfig{}, opaque_thought(2), alone, Stream(1));
  EXPECT_TRUE(both.named_parameters()["strength.hidden_weight"].equal(
      one.named_parameters()["strength.hidden_weight"]));
}

TEST_F(ReadoutTest, WithoutSteeringVariablesTheScorecardIsEmpty) {
  const Program none(steering("variables: {}"), world_.schema);
  Readout amygdala(LinearConfig{}, opaque_thought(2), none, Stream(1));
  EXPECT_EQ(amygdala.predict(at::zeros({3, 4, 2})).mean_BTN.sizes(), at::IntArrayRef({3, 4, 0}));
}

TEST_F(ReadoutTest, BinaryVariablesAndOthersKeepTheirOrder) {
  const Program mixed(steering("variables:\n"
                               "  strength: {truth: face}\n"
                               "  flinch: {truth: face > 0.5}\n"
                               "  warmth: {truth: face}\n"
                               "  freeze: {truth: face > 1}\n"),
                      world_.schema);
  Readout amygdala(LinearConfig{}, opaque_thought(2), mixed, Stream(1));
  fill(amygdala, "strength.bias", {1, 0});
  fill(amygdala, "flinch.bias", {2});
  fill(amygdala, "warmth.bias", {3, 1});
  fill(amygdala, "freeze.bias", {4});
  const Scorecard card = amygdala.predict(thought_);
  const auto expect = [](const at::Tensor& x_BTN, const std::vector<double>& expected) {
    for (size_t i = 0; i < expected.size(); ++i)
      EXPECT_NEAR(x_BTN[0][0][static_cast<int64_t>(i)].item<double>(), expected[i], 1e-6) << i;
  };
  expect(card.raw_BTN, {1, 2, 3, 4});
  expect(card.mean_BTN, {1, sigmoid(2), 3, sigmoid(4)});
  expect(card.variance_BTN, {softplus(0) + 1e-4, sigmoid(2) * sigmoid(-2), softplus(1) + 1e-4,
                             sigmoid(4) * sigmoid(-4)});
}

TEST_F(ReadoutTest, ManyAssessorsAtOnceAreSingleOnes) {
  const std::vector<std::string> lines{
      "  strength: {truth: face}\n", "  flinch: {truth: face > 0.5}\n", "  warmth: {truth: face}\n",
      "  freeze: {truth: face > 1}\n"};
  std::string all = "variables:\n";
  for (const std::string& line : lines) all += line;
  const Program together(steering(all), world_.schema);
  const auto thought = Stream(3).normal({2, 3, 5});
  const auto check = [&](const auto& config) {
    Readout many(config, opaque_thought(5), together, Stream(1));
    randomize(many);
    const Scorecard card = many.predict(thought);
    for (size_t i = 0; i < lines.size(); ++i) {
      const Program one(steering("variables:\n" + lines[i]), world_.schema);
      Readout single(config, opaque_thought(5), one, Stream(2));
      randomize(single);
      const Scorecard own = single.predict(thought);
      const auto n = static_cast<int64_t>(i);
      for (const auto& [left, right] : {std::pair{card.raw_BTN, own.raw_BTN},
                                        {card.mean_BTN, own.mean_BTN},
                                        {card.variance_BTN, own.variance_BTN}}) {
        EXPECT_TRUE(at::allclose(left.select(2, n), right.select(2, 0), 1e-5, 1e-6)) << lines[i];
      }
    }
  };
  check(LinearConfig{});
  check(MlpConfig{.hidden = 7});
}

TEST_F(ReadoutTest, AChainSinksBehindEachParameterAtTheEndOfAStep) {
  const LinearConfig config{.chain = ChainConfig{.levels = 3, .rate = 0.25}};
  Readout amygdala(config, opaque_thought(2), program_, Stream(1));
  EXPECT_THAT(amygdala.named_buffers().keys(),
              UnorderedElementsAre("flinch.weight_chain", "flinch.bias_chain",
                                   "strength.weight_chain", "strength.bias_chain"));
  EXPECT_EQ(amygdala.named_buffers()["strength.weight_chain"].sizes(), at::IntArrayRef({2, 2, 2}));
  fill(amygdala, "flinch.weight", {1, 2});
  amygdala.end_step(at::tensor({0.F, 1.F}));
  EXPECT_TRUE(amygdala.named_parameters()["flinch.weight"].flatten().equal(at::tensor({1.F, 2.F})))
      << "it was not taught";
  amygdala.end_step(at::tensor({1.F, 1.F}));
  const auto weight = amygdala.named_parameters()["flinch.weight"];
  EXPECT_TRUE(weight.flatten().equal(at::tensor({0.75F, 1.5F})));
  EXPECT_TRUE(amygdala.named_buffers()["flinch.weight_chain"][0].flatten().equal(
      at::tensor({0.125F, 0.25F})));
  EXPECT_EQ(amygdala.named_parameters()["strength.weight"].abs().max().item<float>(), 0);
  const MlpConfig hidden{.hidden = 2, .chain = ChainConfig{}};
  EXPECT_EQ(Readout(hidden, opaque_thought(2), program_, Stream(1)).named_buffers().size(), 8);
}

TEST_F(ReadoutTest, WithoutAChainTheEndOfAStepChangesNothing) {
  Readout amygdala(LinearConfig{}, opaque_thought(2), program_, Stream(1));
  fill(amygdala, "flinch.weight", {1, 2});
  amygdala.end_step(at::ones({2}));
  EXPECT_TRUE(amygdala.named_parameters()["flinch.weight"].flatten().equal(at::tensor({1.F, 2.F})));
  EXPECT_TRUE(amygdala.named_buffers().is_empty());
}

}  // namespace
}  // namespace limbic::brain
