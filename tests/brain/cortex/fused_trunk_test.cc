#include "limbic/brain/cortex/fused_trunk.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include <cmath>

#include "fused.h"
#include "limbic/brain/cortex/bfloat16.h"
#include "limbic/brain/gradient_sink.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;
using testing::UnorderedElementsAre;
using toy::distance;

using fused::learn;

TransformerConfig config_of(bool fused, kernels::Precision precision = kernels::Precision::kFull) {
  TransformerConfig config = toy::tiny(/*blocks=*/3);
  config.fused = fused;
  config.precision = precision;
  return config;
}

Transformer make(bool fused, at::ScalarType type,
                 kernels::Precision precision = kernels::Precision::kFull) {
  return fused::make(config_of(fused, precision), type);
}

TEST(FusedTrunkTest, GradientsEqualThePlainPathsInFloat64) {
  fused::expect_gradients_of_the_plain_path(config_of(true), at::kDouble, 1e-10);
}

TEST(FusedTrunkTest, SoTheyDoOverSeveralTicks) {
  const fused::Asked asked{toy::schema(2), {"h hh oh .. | o .. h. ..", "o h. .o .. | h .. oo .."}};
  fused::expect_gradients_of_the_plain_path(config_of(true), at::kDouble, 1e-10, asked);
}

TEST(FusedTrunkTest, GradientsEqualThePlainPathsInFloat32) {
  fused::expect_gradients_of_the_plain_path(config_of(true), at::kFloat, 1e-5);
}

TEST(FusedTrunkTest, TheGradientInBfloat16PointsWhereItShould) {
  if (!kernels::multiplies_bfloat16()) GTEST_SKIP() << "this processor has no products of bfloat16";
  Transformer full = make(true, at::kFloat);
  Transformer rounded = make(true, at::kFloat, kernels::Precision::kBfloat16);
  const auto exact = learn(full, at::kFloat), found = learn(rounded, at::kFloat);
  double apart = 0, length = 0;
  for (size_t i = 0; i < exact.size(); ++i) {
    if (!exact[i].defined()) continue;
    apart += (found[i] - exact[i]).square().sum().item<double>();
    length += exact[i].square().sum().item<double>();
  }
  EXPECT_LT(std::sqrt(apart / length), 0.1);
  EXPECT_GT(std::sqrt(apart / length), 1e-4);
}

TEST(BlockTest, ItsProductsRoundTheirOperandsToBfloat16) {
  if (!kernels::multiplies_bfloat16()) GTEST_SKIP() << "this processor has no products of bfloat16";
  TransformerConfig config = toy::tiny();
  config.precision = kernels::Precision::kBfloat16;
  Block block(config, Stream(3), std::make_shared<Dropout>(0));
  const auto weight = block->named_parameters()["keys"];
  const auto bias = block->named_parameters()["keys_bias"];
  const auto x = Stream(4).normal({5, config.width}).set_requires_grad(true);
  const auto d_y = Stream(5).normal({5, 2 * config.width});
  const auto y = block->keys(x);
  const auto found = torch::autograd::grad({y}, {x, weight}, {d_y});
  const auto rounded = [](const at::Tensor& t) {
    return t.detach().to(at::kBFloat16).to(at::kFloat);
  };
  EXPECT_LT(distance(y, at::linear(rounded(x), rounded(weight), bias)), 1e-5);
  EXPECT_LT(distance(found[0], rounded(d_y).matmul(rounded(weight))), 1e-5);
  EXPECT_LT(distance(found[1], rounded(d_y).t().matmul(rounded(x))), 1e-5);
  EXPECT_GT(distance(y, at::linear(x, weight, bias)), 1e-4);
}

TEST(GemmTest, RoundsToTheNearestBfloat16TiesToEven) {
  const auto x = at::cat({at::tensor({1.0F, 1.00390625F, 1.01171875F, -1.005859375F, 3e38F}),
                          Stream(1).child("x").normal({40})});
  auto found = at::empty({x.size(0)}, at::kShort);
  kernels::round_to_bfloat16(x.size(0), x.const_data_ptr<float>(),
                             reinterpret_cast<uint16_t*>(found.mutable_data_ptr<int16_t>()));
  EXPECT_TRUE(found.equal(x.to(at::kBFloat16).view(at::kShort)));
}

TEST(FusedTrunkTest, GradientsAreThoseOfFiniteDifferences) {
  Transformer cortex = make(true, at::kDouble);
  const auto gradient = learn(cortex, at::kDouble);
  const auto parameters = cortex.named_parameters();
  const at::NoGradGuard no_grad;
  for (const char* name : {"block0.keys", "block1.norm1_weight", "block2.in_bias", "final_bias"}) {
    size_t number = 0;
    while (parameters[number].key() != name) ++number;
    auto parameter = parameters[number].value();
    const auto direction = Stream(3).child(name).normal(parameter.sizes()).to(at::kDouble);
    const auto loss_at = [&](double step) {
      parameter.add_(direction, step);
      const double loss = fused::loss_of(cortex, at::kDouble).item<double>();
      parameter.sub_(direction, step);
      return loss;
    };
    const double slope = (loss_at(1e-5) - loss_at(-1e-5)) / 2e-5;
    EXPECT_NEAR((gradient[number] * direction).sum().item<double>(), slope, 1e-6) << name;
  }
}

TEST(FusedTrunkTest, ASinkGetsTheGradientTimesItsFactor) {
  Transformer cortex = make(true, at::kFloat);
  const auto exact = learn(cortex, at::kFloat);
  const auto parameters = cortex.parameters();
  const auto names = cortex.named_parameters().keys();
  std::vector<at::Tensor> places;
  std::vector<std::string> returned_names;
  GradientSink sink;
  for (const at::Tensor& parameter : parameters) {
    places.push_back(at::ones_like(parameter));
    sink.add(parameter, places.back(), 0.5);
  }
  const auto returned = learn(cortex, at::kFloat);
  for (size_t i = 0; i < parameters.size(); ++i) {
    if (!exact[i].defined()) continue;
    if (returned[i].defined()) {
      returned_names.push_back(names[i]);
    } else {
      EXPECT_LT(distance(places[i], 1 + 0.5 * exact[i]), 1e-6) << names[i];
    }
  }
  EXPECT_THAT(returned_names, UnorderedElementsAre("embedding.scalar_in", "embedding.scalar_bias",
                                                   "embedding.scalar_out", "embedding.value_v"));
}

TEST(FusedTrunkTest, FrozenParametersGetNoGradient) {
  Transformer cortex = make(true, at::kFloat);
  const auto exact = learn(cortex, at::kFloat);
  auto named = cortex.named_parameters();
  named["block1.in"].set_requires_grad(false);
  fused::loss_of(cortex, at::kFloat).backward();
  EXPECT_FALSE(named["block1.in"].grad().defined());
  size_t number = 0;
  while (named[number].key() != "block0.in") ++number;
  EXPECT_LT(distance(named["block0.in"].grad(), exact[number]), 1e-6);
}

TEST(FusedTrunkTest, WithoutGradientsTheSameComesOut) {
  Transformer cortex = make(true, at::kFloat);
  const auto with = learn(cortex, at::kFloat).back();
  const at::NoGradGuard no_grad;
  EXPECT_EQ(fused::loss_of(cortex, at::kFloat).item<float>(), with.item<float>());
}

TEST(GradientSinkTest, IsOneAtATimeOnAThread) {
  const GradientSink sink;
  EXPECT_THAT([] { GradientSink second; },
              ThrowsMessage<c10::Error>(HasSubstr("one gradient sink at a time")));
}

}  // namespace
}  // namespace limbic::brain
