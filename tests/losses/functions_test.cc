#include "limbic/losses/functions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>
#include <numbers>
#include <string>

#include "gradcheck.h"
#include "limbic/core/stream.h"

namespace limbic::losses {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using Inputs = std::vector<at::Tensor>;

constexpr double kTolerance = 1e-7;

at::Tensor normal(std::string_view name, at::IntArrayRef shape) {
  return Stream(7).child(name).normal(shape).to(at::kDouble);
}
at::Tensor positive(std::string_view name, at::IntArrayRef shape) {
  return normal(name, shape).square() + 0.3;
}
at::Tensor numbers(std::vector<double> values) { return at::tensor(values, at::kDouble); }
at::Tensor weights() { return at::tensor({1.0, 0.0, 2.0, 0.5}, at::kDouble); }
double value(const at::Tensor& loss) { return loss.item<double>(); }

// A loss of some inputs and a weight, in a form that all claims below can be made of.
struct Case {
  std::string name;
  std::function<at::Tensor(const Inputs&, const at::Tensor& weight)> loss;
  Inputs inputs;  // four rows or elements each
};

std::vector<Case> cases() {
  const at::Tensor index = at::tensor({0, 2, 1, 2}, at::kLong);
  return {
      {"mse",
       [](auto& x, auto& w) { return mse(x[0], x[1], w); },
       {normal("a", {4}), normal("b", {4})}},
      {"huber",
       [](auto& x, auto& w) { return huber(x[0], x[1], 0.5, w); },
       {normal("a", {4}), normal("b", {4})}},
      {"bce",
       [](auto& x, auto& w) { return bce(x[0], x[1].sigmoid(), w); },
       {normal("a", {4}), normal("b", {4})}},
      {"cross_entropy",
       [=](auto& x, auto& w) { return cross_entropy(x[0], index, w); },
       {normal("a", {4, 3})}},
      {"gaussian_nll",
       [](auto& x, auto& w) {
         return gaussian_nll({x[0], x[1]}, x[2], w);
       },
       {normal("a", {4}), positive("b", {4}), normal("c", {4})}},
      {"kl",
       [](auto& x, auto& w) { return kl(x[0], x[1], w); },
       {normal("a", {4, 3}), normal("b", {4, 3})}},
      {"cosine",
       [](auto& x, auto& w) { return cosine(x[0], x[1], w); },
       {normal("a", {4, 3}), normal("b", {4, 3})}},
      {"info_nce",
       [](auto& x, auto& w) { return info_nce(x[0], x[1], 0.5, w); },
       {normal("a", {4, 3}), normal("b", {4, 3})}},
  };
}

TEST(LossFunctionsGradTest, EveryGradientEqualsFiniteDifferences) {
  for (const Case& c : cases()) {
    EXPECT_LT(gradient_error([&](const Inputs& x) { return c.loss(x, {}); }, c.inputs), kTolerance)
        << c.name;
    EXPECT_LT(gradient_error([&](const Inputs& x) { return c.loss(x, weights()); }, c.inputs),
              kTolerance)
        << c.name << " with weights";
  }
}

TEST(LossFunctionsTest, AFullyMaskedBatchIsZeroWithZeroGradient) {
  for (const Case& c : cases()) {
    Inputs leaves;
    for (const at::Tensor& x : c.inputs) leaves.push_back(x.clone().requires_grad_());
    const at::Tensor loss = c.loss(leaves, at::zeros({4}, at::kDouble));
    EXPECT_EQ(value(loss), 0.0) << c.name;
    for (const at::Tensor& gradient : torch::autograd::grad({loss}, leaves)) {
      EXPECT_EQ(gradient.abs().max().item<double>(), 0.0) << c.name;
    }
  }
}

TEST(LossFunctionsTest, ARowOfWeightZeroCountsAsIfItWereNotThere) {
  const at::Tensor kept = at::tensor({0, 2, 3}, at::kLong);
  for (const Case& c : cases()) {
    if (c.name == "cross_entropy") continue;  // its index is bound
    Inputs fewer;
    for (const at::Tensor& x : c.inputs) fewer.push_back(x.index_select(0, kept));
    EXPECT_NEAR(value(c.loss(c.inputs, weights())),
                value(c.loss(fewer, weights().index_select(0, kept))), 1e-12)
        << c.name;
  }
}

TEST(LossFunctionsTest, AWeightOfAnotherShapeIsRefused) {
  for (const Case& c : cases()) {
    EXPECT_THAT([&] { c.loss(c.inputs, at::ones({3}, at::kDouble)); },
                ThrowsMessage<c10::Error>(HasSubstr("weight must be [4], got [3]")))
        << c.name;
  }
}

TEST(LossFunctionsTest, AnEmptyBatchIsZero) {
  EXPECT_EQ(value(mse(at::zeros({0}), at::zeros({0}))), 0.0);
  EXPECT_EQ(value(info_nce(at::zeros({0, 3}), at::zeros({0, 3}), 1.0)), 0.0);
}

TEST(LossFunctionsTest, WeightedMeanByHand) {
  EXPECT_DOUBLE_EQ(value(weighted_mean(numbers({1, 100, 4}), numbers({1, 0, 3}))), 13.0 / 4);
  EXPECT_DOUBLE_EQ(value(weighted_mean(numbers({1, 2, 6}))), 3.0);
}

TEST(LossFunctionsTest, MseByHand) {
  EXPECT_DOUBLE_EQ(value(mse(numbers({1, 2}), numbers({3, 1}))), 2.5);
  EXPECT_THAT(
      [] {
        mse(at::zeros({2, 3}), at::zeros({2, 1}));
      },
      ThrowsMessage<c10::Error>(
          HasSubstr("prediction and target must have one shape, got [2, 3] and [2, 1]")));
}

TEST(LossFunctionsTest, HuberIsQuadraticInsideAndLinearOutside) {
  EXPECT_DOUBLE_EQ(value(huber(numbers({1}), numbers({0}), 2.0)), 0.5);
  EXPECT_DOUBLE_EQ(value(huber(numbers({-5}), numbers({0}), 2.0)), 2.0 * (5 - 1));
  EXPECT_THAT(
      [] { huber(at::zeros({2}), at::zeros({3}), 1.0); },
      ThrowsMessage<c10::Error>(HasSubstr("prediction and target must have one shape, got [2]")));
}

TEST(LossFunctionsTest, BceByHand) {
  const double p = 1 / (1 + std::exp(-0.7));
  EXPECT_NEAR(value(bce(numbers({0.7, 0.7}), numbers({1, 0}))),
              -(std::log(p) + std::log(1 - p)) / 2, 1e-12);
  EXPECT_NEAR(value(bce(numbers({800}), numbers({0}))), 800.0, 1e-12);
  EXPECT_THAT([] { bce(at::zeros({2}), at::zeros({3})); },
              ThrowsMessage<c10::Error>(
                  HasSubstr("logit and target must have one shape, got [2] and [3]")));
}

TEST(LossFunctionsTest, CrossEntropyByHand) {
  const at::Tensor logits = numbers({1, 2, 3, 1}).log().view({2, 2});
  EXPECT_NEAR(value(cross_entropy(logits, at::tensor({1, 0}, at::kLong))),
              -(std::log(2.0 / 3) + std::log(3.0 / 4)) / 2, 1e-12);
  EXPECT_THAT(
      [] {
        cross_entropy(at::zeros({2, 3}), at::zeros({3}, at::kLong));
      },
      ThrowsMessage<c10::Error>(
          HasSubstr("logits must be [3] and one dimension of classes, got [2, 3]")));
}

TEST(LossFunctionsTest, GaussianNllByHand) {
  EXPECT_NEAR(value(gaussian_nll({numbers({1}), numbers({4})}, numbers({3}))),
              0.5 * (std::log(2 * std::numbers::pi * 4) + 1), 1e-12);
  EXPECT_TRUE(std::isfinite(value(gaussian_nll({numbers({0}), numbers({0})}, numbers({0})))));
  EXPECT_THAT(
      [] {
        gaussian_nll({at::zeros({2}), at::ones({3})}, at::zeros({2}));
      },
      ThrowsMessage<c10::Error>(
          HasSubstr("mean and variance must have one shape, got [2] and [3]")));
}

TEST(LossFunctionsTest, KlByHand) {
  const at::Tensor p = numbers({0.5, 0.5}).log().view({1, 2});
  const at::Tensor q = numbers({0.25, 0.75}).log().view({1, 2});
  EXPECT_NEAR(value(kl(p, q)), 0.5 * std::log(2.0) + 0.5 * std::log(0.5 / 0.75), 1e-12);
  EXPECT_NEAR(value(kl(q, q + 3)), 0.0, 1e-12);
  EXPECT_THAT(
      [] {
        kl(at::zeros({2, 3}), at::zeros({2, 4}));
      },
      ThrowsMessage<c10::Error>(HasSubstr("p and q must have one shape, got [2, 3] and [2, 4]")));
}

TEST(LossFunctionsTest, CosineByHand) {
  const at::Tensor a = numbers({1, 0, 3, 4}).view({2, 2});
  const at::Tensor b = numbers({0, 2, 6, 8}).view({2, 2});
  EXPECT_NEAR(value(cosine(a, b)), 0.5, 1e-9);
  EXPECT_NEAR(value(cosine(a, -a)), 2.0, 1e-9);
  EXPECT_THAT(
      [&] {
        cosine(a, at::zeros({2, 3}, at::kDouble));
      },
      ThrowsMessage<c10::Error>(HasSubstr("a and b must have one shape, got [2, 2] and [2, 3]")));
}

TEST(LossFunctionsTest, ARowOfZerosHasAFiniteCosineAndGradient) {
  const at::Tensor zero = at::zeros({1, 3}).requires_grad_();
  const at::Tensor loss = cosine(zero, at::ones({1, 3}));
  EXPECT_EQ(value(loss), 1.0);
  EXPECT_TRUE(torch::autograd::grad({loss}, {zero})[0].isfinite().all().item<bool>());
}

TEST(LossFunctionsTest, InfoNceByHand) {
  const at::Tensor a = numbers({1, 0, 0, 5}).view({2, 2});
  const double matched = std::exp(2.0);  // cos = 1, temperature .5
  EXPECT_NEAR(value(info_nce(a, a, 0.5)), -std::log(matched / (matched + 1)), 1e-9);
  EXPECT_NEAR(value(info_nce(a, a.flip(0), 0.5)), -std::log(1 / (matched + 1)), 1e-9);
  EXPECT_THAT(
      [] {
        info_nce(at::zeros({2, 3, 1}), at::zeros({2, 3, 1}), 1.0);
      },
      ThrowsMessage<c10::Error>(HasSubstr("a must be [rows, features], got [2, 3, 1]")));
}

TEST(LossFunctionsTest, InfoNceIsSymmetric) {
  const at::Tensor a = normal("a", {4, 3});
  const at::Tensor b = normal("b", {4, 3});
  EXPECT_NEAR(value(info_nce(a, b, 0.1)), value(info_nce(b, a, 0.1)), 1e-12);
}

TEST(LossFunctionsTest, ConsistencyTeachesOnlyTheFirst) {
  const at::Tensor prediction = numbers({1, 2}).requires_grad_();
  const at::Tensor target = numbers({3, 2}).requires_grad_();
  const at::Tensor loss = consistency(prediction, target);
  EXPECT_DOUBLE_EQ(value(loss), 2.0);
  loss.backward();
  EXPECT_TRUE(prediction.grad().equal(numbers({-2, 0})));
  EXPECT_FALSE(target.grad().defined());
  EXPECT_LT(
      gradient_error([&](const Inputs& x) { return consistency(x[0], target, {}); }, {prediction}),
      kTolerance);
  EXPECT_EQ(value(consistency(prediction, target, numbers({0, 0}))), 0.0);
  EXPECT_THAT(
      [] { consistency(at::zeros({2}), at::zeros({3})); },
      ThrowsMessage<c10::Error>(HasSubstr("prediction and target must have one shape, got [2]")));
}

TEST(LossFunctionsTest, L2ByHand) {
  EXPECT_DOUBLE_EQ(value(l2({numbers({1, 2}), numbers({3}).view({1, 1})})), 7.0);
  EXPECT_LT(gradient_error([](const Inputs& x) { return l2(x); },
                           {normal("a", {2, 2}), normal("b", {3})}),
            kTolerance);
  EXPECT_THAT([] { l2({}); },
              ThrowsMessage<c10::Error>(HasSubstr("l2 needs at least one parameter")));
}

}  // namespace
}  // namespace limbic::losses
