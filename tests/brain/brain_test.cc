#include "limbic/brain/brain.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <memory>

#include "cortex/toy_cortex.h"
#include "limbic/brain/amygdala/onset_code.h"
#include "limbic/brain/amygdala/readout.h"
#include "limbic/brain/cortex/gaussian.h"
#include "limbic/brain/cortex/transformer.h"
#include "limbic/config/structs.h"

namespace limbic::brain {
namespace {

using testing::AnyOf;
using testing::Each;
using testing::ElementsAre;
using testing::Pair;
using testing::StartsWith;
using toy::distance;

class BrainTest : public testing::Test {
 protected:
  // How much gradient the parameters got whose names start so.
  [[nodiscard]] double gradient(const std::string& prefix) const {
    double total = 0;
    for (const auto& item : brain_.named_parameters()) {
      const at::Tensor g = item.value().grad();
      if (item.key().starts_with(prefix) && g.defined()) total += g.abs().sum().item<double>();
    }
    return total;
  }

  worlds::Schema schema_ = toy::schema(2);
  std::shared_ptr<const Program> program_ = std::make_shared<const Program>(
      config::parse<SteeringConfig>("variables:\n"
                                    "  flinch: {override: present(eye), truth: eye > 0}\n"
                                    "  calm: {override: eye > 0, truth: eye}\n"
                                    "drives: {dread: -0.5 * assess.flinch}\n",
                                    "a.yaml"),
      schema_);
  std::shared_ptr<Cortex> cortex_ = std::make_shared<Transformer>(toy::tiny(), schema_, Stream(1));
  std::shared_ptr<Amygdala> amygdala_ = std::make_shared<Readout>(
      LinearConfig{.zero_init = false}, cortex_->thought_map(), *program_, Stream(2));
  Brain brain_{cortex_, amygdala_, program_};
  worlds::Episodes episodes_ = toy::episodes(schema_, 3);
  at::Tensor observed_ = worlds::visible(episodes_, schema_);
};

TEST_F(BrainTest, SignalsFlowFromThoughtToScorecardToSteering) {
  const Signals signals = brain_.signals(episodes_, observed_);
  const at::Tensor thought = cortex_->think(episodes_, observed_);
  EXPECT_EQ(distance(signals.thought_BTD, thought), 0);
  EXPECT_EQ(distance(signals.scorecard.mean_BTN, amygdala_->predict(thought).mean_BTN), 0);
  const at::Tensor eye = episodes_.value[toy::kEye].squeeze(2), mean = signals.scorecard.mean_BTN;
  const at::Tensor flinch = (eye > 0).to(at::kFloat);
  const at::Tensor calm = at::where(eye > 0, eye, mean.select(2, 1));
  EXPECT_EQ(distance(signals.steer.realised_BTN, at::stack({flinch, calm}, 2)), 0);
  EXPECT_LT(distance(signals.steer.reward_BTR.squeeze(2), -0.5 * mean.select(2, 0)), 1e-6);
}

TEST_F(BrainTest, ThoughtsPastTheTaughtTicksAreTheSameButTeachNothing) {
  const Signals all = brain_.signals(episodes_, observed_);
  ASSERT_EQ(all.thought_BTD.size(1), 2);
  for (const int64_t taught : {0, 1, 2}) {
    Question question = cortex_->ask_thought(observed_);
    question.taught_ticks = taught;
    for (const int64_t tick : {0, 1}) {
      brain_.zero_grad();
      const Signals signals = brain_.signals(episodes_, question);
      EXPECT_TRUE(signals.thought_BTD.equal(all.thought_BTD));
      EXPECT_EQ(signals.thought_BTD.requires_grad(), taught > 0);
      signals.scorecard.raw_BTN.select(1, tick).sum().backward();
      EXPECT_EQ(gradient("cortex.") > 0, tick < taught) << tick << " of " << taught;
      EXPECT_GT(gradient("amygdala."), 0);
    }
  }
}

TEST_F(BrainTest, WithGradientsOffNoneArePrepared) {
  const at::NoGradGuard no_grad;
  const Signals signals = brain_.signals(episodes_, observed_);
  EXPECT_FALSE(signals.thought_BTD.requires_grad());
  EXPECT_FALSE(signals.scorecard.mean_BTN.requires_grad());
}

TEST_F(BrainTest, NothingLearnsThroughWhatSteeringSays) {
  const Steer steer = brain_.signals(episodes_, observed_).steer;
  for (const auto& part : {steer.truth_BTN, steer.gate_BTN, steer.realised_BTN, steer.reward_BTR}) {
    EXPECT_FALSE(part.requires_grad());
  }
}

TEST_F(BrainTest, ParametersAreNamedByTheirPart) {
  const auto names = brain_.named_parameters().keys();
  EXPECT_THAT(names, Each(AnyOf(StartsWith("cortex."), StartsWith("amygdala.flinch."),
                                StartsWith("amygdala.calm."))));
  for (const std::string prefix : {"cortex.", "amygdala.flinch.", "amygdala.calm."}) {
    EXPECT_TRUE(std::ranges::any_of(names, [&](const auto& n) { return n.starts_with(prefix); }));
  }
}

// A cortex that knows two contexts believes a little of each in the other's stead.
TEST(CortexAndAmygdalaTest, OnlyTheContextThatIsOnIsThere) {
  const worlds::Schema schema({{.name = "A", .num_ticks = 2, .modality = "cue"},
                               {.name = "K1", .num_ticks = 2, .modality = "context"},
                               {.name = "K2", .num_ticks = 2, .modality = "context"}},
                              2);
  for (const bool silence : {false, true}) {
    Gaussian cortex({.ticks = TicksTaken::kAlone, .silence = silence}, schema);
    const OnsetCode code(OnsetCodeConfig{}, cortex.thought_map(), 2);
    auto rows = worlds::empty_episodes(schema, 2);
    rows.present_BTV.fill_(true);
    rows.value[0].select(1, 1).fill_(1);
    for (const int64_t row : {0, 1}) rows.value[1 + row][row].fill_(1);
    for (int i = 0; i < 20; ++i) cortex.learn({cortex.observe(rows, {})});
    const auto thought = cortex.think(rows, at::ones_like(rows.present_BTV)).to(at::kDouble);
    for (const int64_t row : {0, 1}) {
      const auto one = thought[row].contiguous();
      const auto moments = code.encode(one.const_data_ptr<double>(), 2);
      EXPECT_THAT(moments[0].seen, ElementsAre(Pair(2 + row, 0.3))) << silence;
      EXPECT_THAT(moments[1].seen, ElementsAre(Pair(0, 1), Pair(2 + row, 0.3))) << silence;
    }
  }
}

// Of a category each word is a cue of its own, and so is each number of a vector.
TEST(CortexAndAmygdalaTest, EachWordIsSeenAsItself) {
  const worlds::Schema schema(
      {{.name = "food",
        .kind = worlds::Kind::kCategory,
        .size = 3,
        .modality = "cue",
        .names = {"apple", "bread", "nettle"}},
       {.name = "light", .kind = worlds::Kind::kVector, .size = 2, .modality = "cue"}},
      1);
  Gaussian cortex({.ticks = TicksTaken::kAlone}, schema);
  const OnsetCode code({.onsets = false, .pairs = 0, .inferred = 0}, cortex.thought_map(), 1);
  auto rows = worlds::empty_episodes(schema, 3);
  rows.present_BTV.fill_(true);
  rows.value[0].copy_(at::arange(3).view({3, 1, 1}));
  rows.value[1].select(-1, 1).fill_(0.5);
  for (int i = 0; i < 20; ++i) cortex.learn({cortex.observe(rows, {})});
  const auto thought = cortex.think(rows, at::ones_like(rows.present_BTV)).to(at::kDouble);
  for (int64_t row = 0; row < 3; ++row) {
    const auto one = thought[row].contiguous();
    const auto moments = code.encode(one.const_data_ptr<double>(), 1);
    EXPECT_THAT(moments[0].seen, ElementsAre(Pair(row, 1), Pair(4, 0.5)));
  }
}

}  // namespace
}  // namespace limbic::brain
