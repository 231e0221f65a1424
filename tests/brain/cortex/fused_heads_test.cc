#include "limbic/brain/cortex/fused_heads.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <functional>

#include "limbic/core/stream.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

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
                     .log_unit = -0.25,
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

TEST(FusedHeadsTest, LogProbStandsAtItsCellAndElsewhereNothing) {
  const Toy toy;
  const auto found = fused_heads(toy.state, {toy.word, toy.number}, 7);
  EXPECT_LT(toy::distance(found, by_torch(toy)), 1e-5);
  EXPECT_EQ(found[3].item<float>(), 0);
  EXPECT_EQ(found[6].item<float>(), 0);
}

TEST(FusedHeadsTest, GradientsEqualTorchsAndAQueryAskedTwiceHasBoth) {
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
    return fused_heads(toy.state, {toy.word, toy.number}, 7);
  });
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_LT(toy::distance(found[i], exact[i]), 1e-4) << i;
}

// log p, and the gradients of a weighted sum of it, of two ways to compute it.
using Way = std::function<at::Tensor(const at::Tensor& state, const at::Tensor& read_out)>;
void expect_the_same(const Way& found, const Way& exact, int64_t outputs, at::ScalarType type) {
  std::vector<std::vector<at::Tensor>> all;
  for (const Way& way : {found, exact}) {
    const auto state = Toy::random("state", {4, 5}).detach().to(type).set_requires_grad(true);
    const auto read_out =
        Toy::random("read-out", {outputs, 5}).detach().to(type).set_requires_grad(true);
    const auto log_prob = way(state, read_out);
    (log_prob * at::arange(1, 5).to(type)).sum().backward();
    all.push_back({log_prob.detach(), state.grad(), read_out.grad()});
  }
  for (size_t i = 0; i < 3; ++i) {
    const double size = 1 + all[1][i].abs().max().item<double>();
    EXPECT_LT(toy::distance(all[0][i], all[1][i]) / size, type == at::kDouble ? 1e-12 : 1e-5) << i;
  }
}

// Four Gaussians whose means are moved by so many weighted sums of two numbers.
class MovedMeansTest : public testing::TestWithParam<int64_t> {
 protected:
  int64_t reads_ = GetParam();
  int64_t num_outputs_ = 12 + 2 * reads_;
  MixtureSpec spec_{.components = 4};
  at::Tensor numbers_ = Stream(5).child("numbers").normal({4, 2});
  at::Tensor x_ = at::tensor({0.5F, -1.0F, 2.0F, 0.0F}).view({4, 1});

  at::Tensor by_torch(const at::Tensor& state, const at::Tensor& read_out) {
    const auto outputs = at::linear(state, read_out);
    const auto weight = outputs.narrow(1, 12, 2 * reads_).view({4, reads_, 2});
    const auto mean =
        outputs.narrow(1, 4, 4) + (weight * numbers_.unsqueeze(1)).sum(2).repeat({1, 4 / reads_});
    const auto params = at::cat({outputs.narrow(1, 0, 4), mean, outputs.narrow(1, 8, 4)}, 1);
    return mixture_log_prob_reference(spec_, params, x_);
  }
  at::Tensor fused(const at::Tensor& state, const at::Tensor& read_out) {
    const HeadQueries about{.weight = read_out,
                            .bias = at::zeros({num_outputs_}),
                            .query = at::arange(4),
                            .cell = at::arange(4),
                            .values = x_,
                            .spec = spec_,
                            .reads = reads_,
                            .numbers = numbers_};
    return fused_heads(state, {about}, 4);
  }
};

TEST_P(MovedMeansTest, LogProbAndGradientsEqualTorchs) {
  expect_the_same([this](const auto&... all) { return fused(all...); },
                  [this](const auto&... all) { return by_torch(all...); }, num_outputs_,
                  at::kFloat);
}
INSTANTIATE_TEST_SUITE_P(Reads, MovedMeansTest, testing::Values(1, 2, 4));

// Two Gaussians of its own beside three of the base's, means moved by two numbers. Queries stand
// in another order than states.
TEST(FusedHeadsTest, AScalarOverABaseEqualsTorchs) {
  const Stream stream(5);
  const auto query = at::tensor({2, 0, 3, 1}, at::kLong);
  const auto normal = [&](const char* name) { return stream.child(name).normal({4, 3}); };
  const BasePosterior base{normal("weight").log_softmax(1).to(at::kDouble),
                           normal("mean").to(at::kDouble), normal("scale").exp().to(at::kDouble),
                           at::zeros({4}, at::kLong)};
  const auto numbers = stream.child("numbers").normal({4, 2}), x = stream.normal({4, 1});
  const MixtureSpec spec{.components = 5};
  const auto fused = [&](const at::Tensor& state, const at::Tensor& read_out) {
    const HeadQueries about{.weight = read_out,
                            .bias = at::zeros({9}),
                            .query = query,
                            .cell = at::arange(4),
                            .values = x,
                            .spec = spec,
                            .reads = 1,
                            .numbers = numbers,
                            .base = base};
    return fused_heads(state, {about}, 4);
  };
  const auto by_torch = [&](const at::Tensor& state, const at::Tensor& read_out) {
    const auto outputs = at::linear(state.index_select(0, query), read_out);
    const auto seen = numbers.index_select(0, query);
    const auto read = (outputs.narrow(1, 7, 2) * seen).sum(1, /*keepdim=*/true);
    const auto own = at::cat(
        {outputs.narrow(1, 0, 2), outputs.narrow(1, 2, 2) + read, outputs.narrow(1, 4, 3)}, 1);
    return mixture_log_prob_reference(spec, over_base(own, base.select(query)), x);
  };
  expect_the_same(fused, by_torch, 9, at::kFloat);
}

TEST(FusedHeadsTest, ACategoryOverABaseEqualsTorchs) {
  const auto log_p = Stream(5).child("base").normal({4, 3}).to(at::kDouble).log_softmax(1);
  const auto classes = at::tensor({0, 2, 1, 1}, at::kLong);
  const auto fused = [&](const at::Tensor& state, const at::Tensor& read_out) {
    const HeadQueries about{.weight = read_out,
                            .bias = at::zeros({4}, at::kDouble),
                            .query = at::arange(4),
                            .cell = at::arange(4),
                            .values = classes,
                            .base_log_p = log_p};
    return fused_heads(state, {about}, 4);
  };
  const auto by_torch = [&](const at::Tensor& state, const at::Tensor& read_out) {
    const auto logits = over_base_choice(at::linear(state, read_out), log_p);
    return logits.log_softmax(1).gather(1, classes.unsqueeze(1)).squeeze(1);
  };
  expect_the_same(fused, by_torch, 4, at::kDouble);
}

TEST(FusedHeadsTest, AClassThatTheReadOutLacksIsRefused) {
  Toy toy;
  toy.word.values = at::tensor({2, 3}, at::kLong);
  EXPECT_THAT([&] { fused_heads(toy.state, {toy.word}, 7); },
              ThrowsMessage<c10::IndexError>(HasSubstr("class 3 of 3")));
}

TEST(FusedHeadsTest, AFrozenReadOutLetsTheStateLearn) {
  Toy toy;
  for (at::Tensor leaf : {toy.word.weight, toy.word.bias}) leaf.set_requires_grad(false);
  fused_heads(toy.state, {toy.word}, 7).sum().backward();
  EXPECT_FALSE(toy.word.weight.grad().defined());
  EXPECT_GT(toy.state.grad()[3].abs().sum().item<float>(), 0);
  EXPECT_EQ(toy.state.grad()[1].abs().sum().item<float>(), 0);
}

}  // namespace
}  // namespace limbic::brain
