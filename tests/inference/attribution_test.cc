#include "limbic/inference/attribution.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include "../brain/cortex/toy_cortex.h"
#include "../support/fake_brain.h"
#include "limbic/brain/amygdala/readout.h"
#include "limbic/brain/cortex/transformer.h"
#include "limbic/worlds/roles.h"

namespace limbic::inference {
namespace {

using testing_support::FakeBrain;
using testing_support::kC;
using testing_support::kX;

// raw = (1, x, c) . (1, 10, 100), squared or not, with a graph or without.
class Weighted : public brain::Amygdala {
 public:
  Weighted(bool is_squared, bool has_graph) : is_squared_(is_squared), has_graph_(has_graph) {}

  brain::Scorecard predict(const at::Tensor& thought_BTD) override {
    at::Tensor raw_BTN = thought_BTD.matmul(at::tensor({1.F, 10.F, 100.F}).view({3, 1}));
    if (is_squared_) raw_BTN = raw_BTN.square();
    if (!has_graph_) raw_BTN = raw_BTN.detach();
    return {raw_BTN, raw_BTN, raw_BTN};
  }

 private:
  bool is_squared_, has_graph_;
};

// raw = x + sin(pi c): of c, which is a whole number, all slope and no difference.
class Waving : public brain::Amygdala {
 public:
  brain::Scorecard predict(const at::Tensor& thought_BTD) override {
    const at::Tensor x_BT = thought_BTD.select(2, 1), c_BT = thought_BTD.select(2, 2);
    const at::Tensor raw_BTN = (x_BT + at::sin(M_PI * c_BT)).unsqueeze(2);
    return {raw_BTN, raw_BTN, raw_BTN};
  }
};

// x = r, c = r mod 3, y two cells; the cortex thinks (1, x, c) and ignores y. Six rows, so the
// means of x and c are 2.5 and 1; |x - mean| is 1.5 on average, |c - mean| 2/3, x 2.5, c 1.
class AttributionTest : public testing::Test {
 protected:
  Attribution attribute(bool is_squared, bool has_graph, int64_t tick = 1) {
    brain::Brain brain(fake_.cortex, std::make_shared<Weighted>(is_squared, has_graph),
                       fake_.program);
    return inference::attribute(brain, schema_, episodes_, {.assessor = 0, .tick = tick});
  }

  static void expect(const Influence& influence, double ablation, double gradient) {
    EXPECT_NEAR(influence.ablation, ablation, 1e-4 * std::abs(ablation)) << influence.name;
    EXPECT_NEAR(influence.gradient, gradient, 1e-4 * std::abs(gradient)) << influence.name;
  }

  FakeBrain fake_;
  worlds::Schema schema_ = testing_support::small_schema();
  worlds::Episodes episodes_ = testing_support::counted_rows(6);
};

TEST_F(AttributionTest, FeaturesOfALinearAssessorMoveItByWeightTimesDistanceFromTheMean) {
  for (const bool has_graph : {true, false}) {
    const Attribution attribution = attribute(/*is_squared=*/false, has_graph);
    ASSERT_EQ(attribution.features.size(), 3);
    expect(attribution.features[0], 0, 0);
    expect(attribution.features[1], 15, 15);
    expect(attribution.features[2], 200.0 / 3, 200.0 / 3);
    EXPECT_DOUBLE_EQ(attribution.features_agree, 1);
  }
}

TEST_F(AttributionTest, TheOutputIsThatOfTheQuestionsTick) {
  fake_.cortex = std::make_shared<testing_support::TickingCortex>();
  for (const bool has_graph : {true, false}) {
    expect(attribute(/*is_squared=*/false, has_graph, /*tick=*/0).features[1], 15, 15);
    expect(attribute(/*is_squared=*/false, has_graph, /*tick=*/1).features[1], 150, 150);
  }
}

TEST_F(AttributionTest, FeaturesThatNeverVaryAreNotRanked) {
  brain::Brain brain(fake_.cortex, std::make_shared<Waving>(), fake_.program);
  const Attribution attribution = inference::attribute(brain, schema_, episodes_, {0, 1});
  expect(attribution.features[0], 0, 0);
  expect(attribution.features[1], 1.5, 1.5);
  EXPECT_NEAR(attribution.features[2].ablation, 0, 1e-5);
  EXPECT_NEAR(attribution.features[2].gradient, M_PI * 2 / 3, 1e-5);
  EXPECT_DOUBLE_EQ(attribution.features_agree, -1);
}

TEST_F(AttributionTest, FeaturesHaveTheNamesOfTheThoughtsMap) {
  EXPECT_EQ(attribute(false, true).features[2].name, "thought[2]");
}

// Hiding x takes all of it away, while its slope is taken from its mean; c's is that of the
// thought.
TEST_F(AttributionTest, InputsAreHiddenOrFollowedDownTheirSlope) {
  const Attribution attribution = attribute(/*is_squared=*/false, /*has_graph=*/true);
  ASSERT_EQ(attribution.inputs.size(), 3);
  expect(attribution.inputs[0].whole, 25, 15);
  expect(attribution.inputs[2].whole, 100, 100);
  EXPECT_DOUBLE_EQ(attribution.inputs_agree, 1);
}

TEST_F(AttributionTest, WithoutAGraphAnInputsSlopeIsThatOfTheThought) {
  const Attribution attribution = attribute(/*is_squared=*/false, /*has_graph=*/false);
  expect(attribution.inputs[0].whole, 25, 25);
  expect(attribution.inputs[2].whole, 100, 100);
}

TEST_F(AttributionTest, WhatIsIgnoredHasExactlyNoInfluence) {
  for (const bool has_graph : {true, false}) {
    const auto y = attribute(/*is_squared=*/true, has_graph).inputs[1];
    EXPECT_EQ(y.whole.name, "y");
    EXPECT_EQ(y.seen, 1);
    ASSERT_EQ(y.cells.size(), 2);
    for (const Influence& each : {y.whole, y.cells[0], y.cells[1]}) {
      EXPECT_EQ(each.ablation, 0) << each.name;
      EXPECT_EQ(each.gradient, 0) << each.name;
    }
    EXPECT_EQ(y.cells[1].name, "y[1]");
  }
}

// raw = s^2, s = 1 + 10 x + 100 c: taking d off s moves it by 2 s d - d^2, its slope says 2 s d.
TEST_F(AttributionTest, ACurvedAssessorTellsTheMeasuresApart) {
  double ablation = 0, gradient = 0;
  for (int r = 0; r < 6; ++r) {
    const double s = 1 + 10 * r + 100 * (r % 3), d = 100 * (r % 3 - 1);
    ablation += std::abs(2 * s * d - d * d) / 6;
    gradient += std::abs(2 * s * d) / 6;
  }
  for (const bool has_graph : {true, false}) {  // a central difference of a square is exact
    expect(attribute(/*is_squared=*/true, has_graph).features[2], ablation, gradient);
  }
}

TEST_F(AttributionTest, WhatNobodySeesIsNotRanked) {
  for (int64_t row = 0; row < 6; ++row) testing_support::make_absent(episodes_, row, kC);
  testing_support::make_absent(episodes_, 5, kX);
  const Attribution attribution = attribute(false, true);
  EXPECT_DOUBLE_EQ(attribution.inputs[0].seen, 5.0 / 6);
  expect(attribution.inputs[0].whole, 100.0 / 6, 60.0 / 6);  // x: 0 1 2 3 4 about 2, and one hidden
  EXPECT_EQ(attribution.inputs[2].seen, 0);
  expect(attribution.inputs[2].whole, 0, 0);
  EXPECT_DOUBLE_EQ(attribution.inputs_agree, 1);  // of x and two cells of y
}

TEST_F(AttributionTest, EpisodesAndParametersStayAsTheyWere) {
  const at::Tensor x = episodes_.value[kX].clone();
  (void)attribute(true, true);
  EXPECT_TRUE(episodes_.value[kX].equal(x));
  EXPECT_FALSE(episodes_.value[kX].requires_grad());
  for (const auto& parameter : fake_.cortex->parameters()) EXPECT_FALSE(parameter.grad().defined());
}

// A transformer, and read-outs of its thought with random weights, or as they are born.
class RealAttributionTest : public testing::Test {
 protected:
  Attribution attribute(const auto& config, bool is_newborn = false) {
    const auto amygdala =
        std::make_shared<brain::Readout>(config, cortex_->thought_map(), *program_, Stream(2));
    const at::NoGradGuard no_grad;
    for (const auto& item : amygdala->named_parameters()) {
      if (!is_newborn) item.value().copy_(Stream(3).child(item.key()).normal(item.value().sizes()));
    }
    brain::Brain brain(cortex_, amygdala, program_);
    return inference::attribute(brain, schema_, episodes_, {.assessor = 1, .tick = 1});
  }

  worlds::Schema schema_ = brain::toy::schema(2);
  std::shared_ptr<const brain::Program> program_ = std::make_shared<const brain::Program>(
      config::parse<brain::SteeringConfig>("variables:\n"
                                           "  flinch: {override: present(eye), truth: eye > 0}\n"
                                           "  calm: {truth: eye}\n",
                                           "a.yaml"),
      schema_);
  std::shared_ptr<brain::Cortex> cortex_ =
      std::make_shared<brain::Transformer>(brain::toy::tiny(), schema_, Stream(1));
  worlds::Episodes episodes_ = brain::toy::episodes(schema_, 64);
};

TEST_F(RealAttributionTest, TheTwoMeasuresAreOneForFeaturesThatALinearAssessorReads) {
  const Attribution attribution = attribute(brain::LinearConfig{});
  ASSERT_EQ(std::ssize(attribution.features), cortex_->thought_size());
  for (const Influence& feature : attribution.features) {
    EXPECT_GT(feature.ablation, 0);
    EXPECT_NEAR(feature.gradient, feature.ablation, 1e-4 * feature.ablation) << feature.name;
  }
}

TEST_F(RealAttributionTest, TheyAgreeInRankForOneWithHiddenUnits) {
  const Attribution attribution = attribute(brain::MlpConfig{});
  EXPECT_GT(attribution.features_agree, 0.9);
  EXPECT_NE(attribution.features[0].ablation, attribution.features[0].gradient);
}

TEST_F(RealAttributionTest, GradientsReachScalarsAndVectorsThroughTheCortex) {
  const Attribution attribution = attribute(brain::LinearConfig{});
  ASSERT_EQ(attribution.inputs.size(), 3);
  EXPECT_TRUE(attribution.inputs[brain::toy::kX].has_slope);
  EXPECT_FALSE(attribution.inputs[brain::toy::kC].has_slope);
  EXPECT_TRUE(attribution.inputs[brain::toy::kV].has_slope);
  for (const auto& input : attribution.inputs) {
    EXPECT_GT(input.whole.ablation, 0) << input.whole.name;
    EXPECT_GT(input.whole.gradient, 0) << input.whole.name;
  }
  const Influence& word = attribution.inputs[brain::toy::kC].cells[1];
  EXPECT_NEAR(word.gradient, word.ablation, 1e-3 * word.ablation);
}

TEST_F(RealAttributionTest, AnAssessorThatHasNoOpinionReadsNothing) {
  const Attribution attribution = attribute(brain::LinearConfig{}, /*is_newborn=*/true);
  for (const auto& input : attribution.inputs) EXPECT_EQ(input.whole.ablation, 0);
  EXPECT_TRUE(std::isnan(attribution.features_agree));
  EXPECT_TRUE(std::isnan(attribution.inputs_agree));
}

}  // namespace
}  // namespace limbic::inference
