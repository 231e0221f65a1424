#include "limbic/brain/cortex/fused_layers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "limbic/brain/gradient_sink.h"
#include "limbic/core/stream.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using toy::distance;

// Five queries about two sites, seven inputs, width 11, three layers.
struct Toy {
  at::ScalarType type;
  at::Tensor x = random("x", {5, 7});
  at::Tensor site = at::tensor({1, 0, 1, 1, 0}, at::kLong);
  Layers layers{random("in", {11, 7}),
                random("site", {2, 11}),
                {random("w1", {11, 11}), random("w2", {11, 11})},
                {random("b1", {11}), random("b2", {11})}};
  Workspaces workspaces;

  explicit Toy(at::ScalarType kind = at::kDouble) : type(kind) {}

  [[nodiscard]] at::Tensor random(const char* name, at::IntArrayRef shape, double size = 1) const {
    return (size * Stream(5).child(name).normal(shape)).to(type).set_requires_grad(true);
  }
  [[nodiscard]] std::vector<at::Tensor> leaves() const {
    std::vector<at::Tensor> all{x, layers.in, layers.site};
    for (const auto& each : {layers.weight, layers.bias, layers.gain})
      all.insert(all.end(), each.begin(), each.end());
    return all;
  }
  // Biases and gains of its own for each site.
  void modulate() {
    layers.bias = {random("s1", {2, 11}), random("s2", {2, 11})};
    for (const char* name : {"g0", "g1", "g2"}) layers.gain.push_back(random(name, {2, 11}, 0.5));
  }
  void drop_units() {
    for (int64_t layer = 0; layer < 3; ++layer)
      layers.factor.push_back(Stream(7).at(layer).uniform({5, 11}).ge(0.4).to(type) / 0.6);
  }
  at::Tensor fused() { return fused_layers(x, site, layers, workspaces); }
  [[nodiscard]] at::Tensor by_torch() const {
    const auto dropped = [&](at::Tensor h, size_t layer) {
      if (!layers.factor.empty()) h = h * layers.factor[layer];
      return layers.gain.empty() ? h : h + h * layers.gain[layer].index_select(0, site);
    };
    auto h = (at::linear(x, layers.in) + layers.site.index_select(0, site)).relu();
    h = dropped(h, 0);
    for (size_t i = 0; i < layers.weight.size(); ++i) {
      const auto& bias = layers.bias[i];
      const auto z = at::linear(h, layers.weight[i]);
      h = dropped((z + (bias.dim() == 2 ? bias.index_select(0, site) : bias)).relu(), i + 1);
    }
    return h;
  }
  // Of a weighted sum of the network's results.
  [[nodiscard]] std::vector<at::Tensor> gradients(const at::Tensor& out) const {
    const auto weight = Stream(6).normal(out.sizes()).to(type);
    return torch::autograd::grad({(out * weight).sum()}, leaves(), {}, {}, false, true);
  }
};

// Two results of the network, and their gradients.
void expect_equal(const Toy& toy, const at::Tensor& found, const at::Tensor& exact,
                  double tolerance) {
  EXPECT_LT(distance(found, exact), tolerance);
  const auto found_gradients = toy.gradients(found), exact_gradients = toy.gradients(exact);
  for (size_t i = 0; i < exact_gradients.size(); ++i)
    EXPECT_LT(distance(found_gradients[i], exact_gradients[i]), tolerance) << i;
}

TEST(FusedLayersTest, GradientsAreThoseOfItsOperationsOneByOne) {
  for (const auto& [type, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-4}}) {
    Toy toy(type);
    const auto found = toy.fused(), exact = toy.by_torch();
    expect_equal(toy, found, exact, tolerance);
  }
}

TEST(FusedLayersTest, MayStartFromWhatTheFirstProductWouldMake) {
  Toy toy;
  const auto exact = toy.by_torch();
  const auto product = at::linear(toy.x, toy.layers.in);
  Layers rest = toy.layers;
  rest.in = at::Tensor();
  const auto found = fused_layers(product, toy.site, rest, toy.workspaces);
  expect_equal(toy, found, exact, 1e-12);
}

TEST(FusedLayersTest, WhatIsDroppedLearnsNothing) {
  Toy toy;
  toy.drop_units();
  const auto found = toy.fused(), exact = toy.by_torch();
  expect_equal(toy, found, exact, 1e-12);
}

TEST(FusedLayersTest, SitesMayHaveBiasesAndGainsOfTheirOwn) {
  for (const auto& [type, tolerance] : {std::pair{at::kDouble, 1e-12}, {at::kFloat, 1e-4}}) {
    for (const bool drops : {false, true}) {
      Toy toy(type);
      toy.modulate();
      if (drops) toy.drop_units();
      const auto found = toy.fused(), exact = toy.by_torch();
      expect_equal(toy, found, exact, tolerance);
    }
  }
}

TEST(FusedLayersTest, EachLayerHasGainsOfItsSitesOrNoneHas) {
  Toy toy;
  toy.modulate();
  toy.layers.gain.pop_back();
  EXPECT_THAT([&] { toy.fused(); }, ThrowsMessage<c10::Error>(HasSubstr("got 2 of [2, 11]")));
}

TEST(FusedLayersTest, ALastLayerMayBeTheFirst) {
  Toy toy;
  toy.layers.weight.clear();
  toy.layers.bias.clear();
  const auto found = toy.fused(), exact = toy.by_torch();
  EXPECT_LT(distance(found, exact), 1e-12);
  const auto learn = [&](const at::Tensor& out) {
    return torch::autograd::grad({out.square().sum()}, {toy.x, toy.layers.in, toy.layers.site});
  };
  const auto found_gradients = learn(found), exact_gradients = learn(exact);
  for (size_t i = 0; i < 3; ++i)
    EXPECT_LT(distance(found_gradients[i], exact_gradients[i]), 1e-10) << i;
}

// Its workspace is its own until its backward is over.
TEST(FusedLayersTest, ASecondCallLeavesTheFirstItsGradient) {
  Toy toy;
  const auto exact = toy.gradients(toy.by_torch());
  const auto first = toy.fused();
  Toy other;
  other.x = toy.random("other", {5, 7});
  const auto second = fused_layers(other.x, other.site, other.layers, toy.workspaces);
  const auto found = toy.gradients(first);
  for (size_t i = 0; i < exact.size(); ++i) EXPECT_LT(distance(found[i], exact[i]), 1e-12) << i;
}

TEST(FusedLayersTest, ASinkGetsTheGradientTimesItsFactor) {
  Toy toy(at::kFloat);
  toy.modulate();
  const auto exact = toy.gradients(toy.by_torch());
  const auto leaves = toy.leaves();
  std::vector<at::Tensor> places;
  GradientSink sink;
  for (size_t i = 1; i < leaves.size(); ++i) {
    places.push_back(at::ones_like(leaves[i]));
    sink.add(leaves[i], places.back(), 0.5);
  }
  const auto returned = toy.gradients(toy.fused());
  EXPECT_LT(distance(returned[0], exact[0]), 1e-4) << "x is no parameter";
  for (size_t i = 1; i < leaves.size(); ++i) {
    EXPECT_FALSE(returned[i].defined()) << i;
    EXPECT_LT(distance(places[i - 1], 1 + 0.5 * exact[i]), 2e-4) << i;
  }
}

TEST(FusedLayersTest, RowsThatAreNotQueriesAreRefused) {
  Toy toy;
  toy.x = toy.x.narrow(0, 0, 4);
  EXPECT_THAT([&] { toy.fused(); },
              ThrowsMessage<c10::Error>(HasSubstr("got [4, 7] of Double for 5")));
}

TEST(WorkspacesTest, AreLentAgainOnceNobodyHoldsThem) {
  Workspaces workspaces;
  const void* first = nullptr;
  {
    const auto held = workspaces.borrow(100, at::kFloat);
    first = held.const_data_ptr();
    EXPECT_NE(workspaces.borrow(100, at::kFloat).const_data_ptr(), first);
  }
  EXPECT_EQ(workspaces.borrow(60, at::kFloat).const_data_ptr(), first);
}

}  // namespace
}  // namespace limbic::brain
