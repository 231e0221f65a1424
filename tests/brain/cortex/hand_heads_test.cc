#include "limbic/brain/cortex/hand_heads.h"

#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "limbic/core/stream.h"
#include "toy.h"

namespace limbic::brain {
namespace {

// Four states of five numbers; query 3 is asked twice.
struct Toy {
  at::Tensor state = random("state", {4, 5});
  HeadQueries word{.weight = random("word", {3, 5}),
                   .bias = random("word bias", {3}),
                   .query = at::tensor({3, 0}, at::kLong),
                   .cell = at::tensor({1, 4}, at::kLong),
                   .values = at::tensor({2, 0}, at::kLong)};
  HeadQueries number{.weight = random("number", {6, 5}),
                     .bias = random("number bias", {6}),
                     .query = at::tensor({3, 2, 1}, at::kLong),
                     .cell = at::tensor({0, 2, 5}, at::kLong),
                     .values = at::tensor({0.5F, -1.0F, 2.0F}).view({3, 1}),
                     .spec = {.components = 2, .dimensions = 1, .rank = 0, .low = -3, .high = 4},
                     .shift = -0.25,
                     .log_slope = at::tensor({1.0F, 2.0F, 3.0F})};

  static at::Tensor random(const char* name, at::IntArrayRef shape) {
    return Stream(5).child(name).normal(shape).set_requires_grad(true);
  }
  [[nodiscard]] std::vector<at::Tensor> leaves() const {
    return {state, word.weight, word.bias, number.weight, number.bias};
  }
};

at::Tensor by_torch(const Toy& toy) {
  const auto outputs = [&](const HeadQueries& about) {
    return at::linear(toy.state.index_select(0, about.query), about.weight, about.bias);
  };
  const auto word =
      outputs(toy.word).log_softmax(-1).gather(1, toy.word.values.unsqueeze(1)).squeeze(1);
  const auto number =
      mixture_log_prob_reference(toy.number.spec, outputs(toy.number), toy.number.values) - 0.25 +
      toy.number.log_slope;
  return at::zeros({7}).index_copy(0, toy.word.cell, word).index_copy(0, toy.number.cell, number);
}

TEST(HandHeadsTest, LogProbStandsAtItsCellAndElsewhereNothing) {
  const Toy toy;
  const auto found = hand_heads(toy.state, {toy.word, toy.number}, 7);
  EXPECT_LT(toy::distance(found, by_torch(toy)), 1e-5);
  EXPECT_EQ(found[3].item<float>(), 0);
  EXPECT_EQ(found[6].item<float>(), 0);
}

TEST(HandHeadsTest, GradientsEqualTorchsAndAQueryAskedTwiceHasBoth) {
  const auto weight = at::arange(1, 8).to(at::kFloat);
  const auto learn = [&](const std::function<at::Tensor(const Toy&)>& log_prob) {
    const Toy toy;
    (log_prob(toy) * weight).sum().backward();
    std::vector<at::Tensor> gradients;
    for (const at::Tensor& leaf : toy.leaves()) gradients.push_back(leaf.grad());
    return gradients;
  };
  const auto exact = learn(by_torch);
  const auto found = learn([](const Toy& toy) {
    return hand_heads(toy.state, {toy.word, toy.number}, 7);
  });
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_LT(toy::distance(found[i], exact[i]), 1e-4) << i;
}

TEST(HandHeadsTest, AFrozenReadOutLetsTheStateLearn) {
  Toy toy;
  for (at::Tensor leaf : {toy.word.weight, toy.word.bias}) leaf.set_requires_grad(false);
  hand_heads(toy.state, {toy.word}, 7).sum().backward();
  EXPECT_FALSE(toy.word.weight.grad().defined());
  EXPECT_GT(toy.state.grad()[3].abs().sum().item<float>(), 0);
  EXPECT_EQ(toy.state.grad()[1].abs().sum().item<float>(), 0);
}

}  // namespace
}  // namespace limbic::brain
