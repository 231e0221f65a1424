#include "limbic/brain/amygdala/chain.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

namespace limbic::brain {
namespace {

// A module of one number with a chain behind it.
class ChainTest : public testing::Test {
 protected:
  void set(double value) { weight_.fill_(value); }
  [[nodiscard]] double weight() const { return weight_.item<double>(); }
  [[nodiscard]] at::Tensor slower() const { return module_.named_buffers()["weight_chain"]; }
  // sum over k of 2^k u_k.
  [[nodiscard]] double mass() const {
    double sum = weight(), capacity = 2;
    for (int64_t k = 0; k < slower().size(0); ++k, capacity *= 2)
      sum += capacity * slower()[k].item<double>();
    return sum;
  }

  torch::nn::Module module_;
  at::Tensor weight_ = module_.register_buffer("weight", at::zeros({1}, at::kDouble));
};

// flow_0 = .2 (1 - 0): the weight loses .2 and the next, of twice the capacity, gains .1.
TEST_F(ChainTest, FlowsAreThoseByHand) {
  Chain chain({.levels = 3, .rate = 0.2}, module_, "weight", weight_);
  set(1);
  chain.relax(at::ones({}));
  EXPECT_NEAR(weight(), 0.8, 1e-15);
  EXPECT_NEAR(slower()[0].item<double>(), 0.1, 1e-15);
  EXPECT_EQ(slower()[1].item<double>(), 0) << "flows are of what was there before";
  chain.relax(at::ones({}));  // flow_0 = .2 * .7 = .14, flow_1 = .1 * .1 = .01
  EXPECT_NEAR(weight(), 0.66, 1e-15);
  EXPECT_NEAR(slower()[0].item<double>(), 0.1 + 0.14 / 2 - 0.01 / 2, 1e-15);
  EXPECT_NEAR(slower()[1].item<double>(), 0.01 / 4, 1e-15);
}

TEST_F(ChainTest, NothingIsLostAndAllLevelsBecomeTheSame) {
  Chain chain({.levels = 4, .rate = 0.25}, module_, "weight", weight_);
  set(1);
  for (int step = 0; step < 50; ++step) {
    chain.relax(at::ones({}));
    ASSERT_NEAR(mass(), 1, 1e-12);
  }
  for (int step = 0; step < 5000; ++step) chain.relax(at::ones({}));
  EXPECT_NEAR(weight(), 1.0 / (1 + 2 + 4 + 8), 1e-9);
  EXPECT_NEAR(slower()[2].item<double>(), 1.0 / 15, 1e-9);
}

// What is left of a weight of 1 that was held for some steps and let go for others.
double left(int64_t levels, int64_t steps_held, int64_t steps_free) {
  torch::nn::Module module;
  auto weight = module.register_buffer("weight", at::zeros({1}, at::kDouble));
  Chain chain({.levels = levels, .rate = 0.1}, module, "weight", weight);
  weight.fill_(1);
  for (int64_t step = 0; step < steps_held; ++step) {
    chain.relax(at::ones({}));
    weight.fill_(1);
  }
  for (int64_t step = 0; step < steps_free; ++step) chain.relax(at::ones({}));
  return weight.item<double>();
}

TEST(ChainOfTimeTest, WhatWasHeldLongFadesSlowerThanWhatIsNew) {
  EXPECT_GT(left(4, 200, 40), left(4, 0, 40) + 0.3);
}

// One level that leaks as fast would be left with .9^n: a half-life of 6.6 steps for ever.
TEST(ChainOfTimeTest, MoreLevelsDecaySlowerThanOneThatLeaks) {
  EXPECT_LT(left(6, 0, 10), 0.6);
  EXPECT_GT(left(6, 0, 80), 100 * std::pow(0.9, 80));
  EXPECT_GT(left(6, 0, 80) / left(6, 0, 40), 0.6) << "a power law, not an exponential";
}

TEST_F(ChainTest, ItStartsAsTheWeightIsWhateverItsShape) {
  at::Tensor grid = module_.register_buffer("grid", at::arange(6, at::kDouble).view({2, 3}));
  Chain chain({.levels = 3, .rate = 0.1}, module_, "grid", grid);
  const auto slower = [&] { return module_.named_buffers()["grid_chain"]; };
  EXPECT_TRUE(slower().equal(at::stack({grid, grid})));
  chain.relax(at::ones({}));
  EXPECT_TRUE(grid.equal(at::arange(6, at::kDouble).view({2, 3}))) << "nothing flows";
  grid.set_data(at::ones({4, 3}, at::kDouble));
  chain.start();
  EXPECT_TRUE(slower().equal(at::ones({2, 4, 3}, at::kDouble)));
}

TEST_F(ChainTest, AllWeightsOfARowTakePartOrNone) {
  at::Tensor grid = module_.register_buffer("grid", at::zeros({2, 3}, at::kDouble));
  Chain chain({.levels = 2, .rate = 0.25}, module_, "grid", grid);
  grid.fill_(1);
  chain.relax(at::tensor({1.0, 0.0}, at::kDouble));
  EXPECT_TRUE(grid[0].equal(at::full({3}, 0.75, at::kDouble)));
  EXPECT_TRUE(grid[1].equal(at::ones({3}, at::kDouble)));
}

TEST_F(ChainTest, ParametersRelaxWithoutAGradient) {
  at::Tensor parameter = module_.register_parameter("parameter", at::zeros({2}));
  Chain chain({.levels = 2, .rate = 0.25}, module_, "parameter", parameter);
  {
    const at::NoGradGuard no_grad;
    parameter.fill_(1);
  }
  chain.relax(at::ones({}));
  EXPECT_TRUE(parameter.equal(at::full({2}, 0.75F)));
  EXPECT_TRUE(parameter.is_leaf());
  EXPECT_FALSE(module_.named_buffers()["parameter_chain"].requires_grad());
}

}  // namespace
}  // namespace limbic::brain
