#include "limbic/brain/amygdala/kalman.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <memory>

#include "conditioning.h"

namespace limbic::brain {
namespace {

using conditioning::lesson;
using conditioning::program;
using conditioning::thoughts;
using conditioning::together;

std::map<std::string, at::Tensor> state_of(const torch::nn::Module& module) {
  std::map<std::string, at::Tensor> state;
  for (const auto& buffer : module.named_buffers()) state[buffer.key()] = buffer.value().clone();
  return state;
}

void expect_same(const std::map<std::string, at::Tensor>& found,
                 const std::map<std::string, at::Tensor>& expected) {
  ASSERT_EQ(found.size(), expected.size());
  for (const auto& [name, value] : expected) EXPECT_TRUE(found.at(name).equal(value)) << name;
}

/// Trials of 8 ticks and a closing one, in context K: cues at ticks 4 to 7, the US at tick 7.
class KalmanTest : public testing::Test {
 protected:
  static constexpr int64_t kTicks = 9, kOnset = 4, kUs = 7;

  [[nodiscard]] static at::Tensor thought(const std::string& cues) {
    auto thought_TD = at::zeros({kTicks, 6}, at::kDouble);  // A, B, K believed, then seen
    for (const char cue : cues) {
      for (const int64_t feature : {cue - 'A', cue - 'A' + 3})
        thought_TD.select(1, feature).narrow(0, kOnset, kUs + 1 - kOnset).fill_(1);
    }
    for (const int64_t feature : {2, 5}) thought_TD.select(1, feature).fill_(1);
    return thought_TD;
  }
  // truth: of now or, where something just happened, of then; it defers while a cue lasts.
  [[nodiscard]] static OwnRule::Statistics trial(const std::string& cues, double us,
                                                 double gate = 1) {
    const auto us_at = [&](int64_t t) { return t == kUs ? us : 0.0; };
    const auto cued = [&](int64_t t) { return !cues.empty() && t >= kOnset && t <= kUs; };
    auto statistics = lesson(thought(cues), at::zeros({kTicks, 1}));
    for (int64_t t = 1; t < kTicks; ++t) {
      const double before = us_at(t - 1), now = us_at(t);
      statistics[1][0][t][0] = before > 0 ? before : now;
      statistics[2][0][t][0] = now > 0 || before > 0 || !(cued(t) && cued(t - 1));
    }
    statistics[3].fill_(gate);
    return statistics;
  }
  // The prediction at tick 6.
  [[nodiscard]] static double says(Kalman& kalman, const std::string& cues) {
    return kalman.predict(thought(cues).unsqueeze(0)).raw_BTN[0][6][0].item<double>();
  }

  ThoughtMap map_ = thoughts({"A", "B"}, {"K"});
  Program program_ = program("  fear: {truth: pain, lead: 1 ticks}\n", kTicks);
};

// Numbers of an implementation of the same rules in numpy, subject of no noise, of these trials.
TEST_F(KalmanTest, LearnsAsTheReferenceDoes) {
  KalmanConfig config;
  config.initial = 0;
  config.code->inferred = 0;
  Kalman kalman(config, map_, program_, Stream(1));
  struct Trial {
    const char* cues;
    double us, a, b, ab, context, recent;
  };
  const std::vector<Trial> trials{
      {"A", 1, 0.27788957, 0.03718609, 0.27788957, 0.03718609, 1},
      {"", 0, 0.27167813, 0.03097465, 0.27167813, 0.03097465, 0.96},
      {"A", 1, 0.42737183, 0.04766705, 0.42737183, 0.04766705, 1},
      {"AB", 0, 0.42283425, 0.04401620, 0.42286606, 0.04399680, 0.96},
      {"", 0, 0.41726619, 0.03844814, 0.41729800, 0.03842874, 0.9216},
      {"AB", 0, 0.38420605, 0.00591327, 0.33505170, 0.03588544, 0.884736},
      {"B", 1, 0.34492177, 0.25614682, 0.52817332, 0.05281098, 1},
      {"A", 0, 0.32806621, 0.25232689, 0.51116044, 0.04961714, 0.96},
      {"", 1, 0.33613702, 0.26536037, 0.51191159, 0.06973676, 1},
      {"A", 1, 0.47655312, 0.24763476, 0.62886958, 0.07558479, 1}};
  for (size_t i = 0; i < trials.size(); ++i) {
    const auto& [cues, us, a, b, ab, context, recent] = trials[i];
    kalman.learn({trial(cues, us)});
    EXPECT_NEAR(says(kalman, "A"), a, 1e-6) << i;
    EXPECT_NEAR(says(kalman, "B"), b, 1e-6) << i;
    EXPECT_NEAR(says(kalman, "AB"), ab, 1e-6) << i;
    EXPECT_NEAR(says(kalman, ""), context, 1e-6) << i;
    EXPECT_NEAR(kalman.named_buffers()["recent"].item<double>(), recent, 1e-12) << i;
  }
  // Lines of 9 cells: A, B, A&B, then K.
  const auto buffers = kalman.named_buffers();
  const auto weight = buffers["weight"].flatten(), surprise = buffers["surprise"].flatten(),
             variance = buffers["covariance"][0][0].diagonal();
  EXPECT_NEAR(weight[3].item<double>(), 0.41305946, 1e-7);
  EXPECT_NEAR(weight[9 + 2].item<double>(), 0.17204997, 1e-7);
  EXPECT_NEAR(weight[18 + 1].item<double>(), 0.0562725, 1e-7);
  EXPECT_NEAR(weight[27].item<double>(), 0.25194929, 1e-7);
  EXPECT_NEAR(surprise[9 + 3].item<double>(), 0.01357967, 1e-7);
  EXPECT_NEAR(surprise[27].item<double>(), 0.00764334, 1e-7);
  EXPECT_NEAR(variance[0].item<double>(), 0.46631519, 1e-7);
  EXPECT_NEAR(variance[27].item<double>(), 0.43095649, 1e-7);
}

// The US that came just before opens the context's second gate alone.
TEST_F(KalmanTest, AContextOfNoSalienceLearnsNothingAndBindsInhibition) {
  KalmanConfig config;
  config.initial = 0;
  config.code->context = 0;
  Kalman kalman(config, map_, program_, Stream(1));
  for (const double us : {1.0, 1.0, 0.0}) kalman.learn({trial("A", us)});
  const auto buffers = kalman.named_buffers();
  EXPECT_EQ(buffers["weight"].flatten()[27].item<double>(), 0);
  const auto most_G = buffers["fast"][0][0].amax(1);
  EXPECT_GT(most_G[0].item<double>(), 0) << "everywhere";
  EXPECT_EQ(most_G[1].item<double>(), 0);
  EXPECT_DOUBLE_EQ(most_G[2].item<double>(), most_G[0].item<double>());
}

TEST_F(KalmanTest, ManyTrialsAtOnceAreOneAfterTheOther) {
  Kalman apart({}, map_, program_, Stream(1)), rows({}, map_, program_, Stream(1)),
      chunks({}, map_, program_, Stream(1));
  const auto first = trial("A", 1), second = trial("AB", 0), third = trial("B", 1);
  for (const auto& one : {first, second, third}) apart.learn({one});
  rows.learn({together({first, second, third})});
  chunks.learn({together({first, second}), third});
  expect_same(state_of(rows), state_of(apart));
  expect_same(state_of(chunks), state_of(apart));
}

TEST_F(KalmanTest, ShutGateLeavesEveryBufferBitIdentical) {
  Kalman kalman({}, map_, program_, Stream(1));
  for (int i = 0; i < 5; ++i) kalman.learn({trial("A", 1), trial("AB", 0)});
  const auto before = state_of(kalman);
  const double said = says(kalman, "A");
  const auto record = kalman.live(together({trial("A", 1, /*gate=*/0), trial("B", 0, 0)}));
  expect_same(state_of(kalman), before);
  EXPECT_GT(said, 0.1);
  EXPECT_EQ(says(kalman, "A"), said);
  EXPECT_NEAR(record.prediction_BTNC[0][6][0][0].item<double>(), said, 1e-7);
  EXPECT_EQ(record.error_BTNC.abs().max().item<double>(), 0);
}

TEST_F(KalmanTest, TheGateOfOneAssessorIsNoneOfTheOthers) {
  const Program two = program(
      "  fear: {truth: pain, lead: 1 ticks}\n  joy: {truth: pain, lead: 1 ticks}\n", kTicks);
  Kalman kalman({}, map_, two, Stream(1));
  auto statistics = trial("A", 1);
  for (size_t part = 1; part < 4; ++part)
    statistics[part] = statistics[part].expand({1, kTicks, 2}).contiguous();
  statistics[3].select(2, 0).zero_();
  const auto before = state_of(kalman);
  kalman.learn({statistics});
  for (const auto& [name, value] : state_of(kalman)) {
    EXPECT_TRUE(value[0][0].equal(before.at(name)[0][0])) << name;
    if (name == "slow" || name == "fast" || name == "alpha") continue;
    EXPECT_FALSE(value[0][1].equal(before.at(name)[0][1])) << name;
  }
}

TEST_F(KalmanTest, SubjectsAreAsTheyWouldBeAlone) {
  const std::vector<Stream> streams{Stream(5), Stream(6), Stream(7)};
  KalmanConfig config;
  config.chain = ChainConfig{.levels = 2, .rate = 0.2};
  Kalman all(config, map_, program_, Stream(1));
  all.divide(streams);
  std::vector<std::unique_ptr<Kalman>> alone;
  for (const Stream& stream : streams)
    alone.push_back(std::make_unique<Kalman>(config, map_, program_, stream));
  const std::vector<std::vector<OwnRule::Statistics>> lives{
      {trial("A", 1), trial("B", 0)},
      {trial("B", 1), trial("B", 1)},
      {trial("AB", 1), trial("AB", 1, /*gate=*/0)}};
  std::vector<OwnRule::Statistics> rows;
  for (const int n : {0, 1}) {
    for (const int subject : {0, 1, 2}) {
      rows.push_back(lives[subject][n]);
      alone[subject]->learn({lives[subject][n]});
    }
    all.learn({together(rows)});
    rows.clear();
  }
  const auto raw = all.predict(thought("AB").expand({3, kTicks, 6})).raw_BTN;
  for (const int subject : {0, 1, 2}) {
    const auto own = state_of(*alone[subject]);
    for (const auto& [name, value] : state_of(all)) {
      const int64_t dim = name.ends_with("_chain") ? 1 : 0;  // of subjects
      EXPECT_TRUE(value.select(dim, subject).equal(own.at(name).select(dim, 0)))
          << name << " of " << subject;
    }
    EXPECT_EQ(raw[subject][6][0].item<double>(), says(*alone[subject], "AB"));
  }
  EXPECT_FALSE(all.named_buffers()["weight"][0].equal(all.named_buffers()["weight"][1]));
}

TEST_F(KalmanTest, DividingIsBeingBornAgain) {
  Kalman kalman({}, map_, program_, Stream(1)), newborn({}, map_, program_, Stream(2));
  kalman.learn({trial("A", 1)});
  kalman.divide({Stream(2)});
  expect_same(state_of(kalman), state_of(newborn));
}

TEST_F(KalmanTest, RestFadesFastInhibitionAndRecencyAlone) {
  Kalman kalman({}, map_, program_, Stream(1));
  kalman.divide({Stream(1), Stream(2)});
  for (int i = 0; i < 5; ++i) kalman.learn({trial("A", 1), trial("A", 0)});
  const auto before = state_of(kalman);
  EXPECT_GT(before.at("fast").max().item<double>(), 0);
  kalman.rest(100);
  for (const auto& [name, value] : state_of(kalman)) {
    const double left = name == "fast" ? std::pow(0.994, 100) : std::pow(0.96, 100);
    const bool rests = name == "fast" || name == "recent";
    EXPECT_LT((value - before.at(name) * (rests ? left : 1)).abs().max().item<double>(), 1e-15)
        << name;
  }
}

TEST_F(KalmanTest, WhatWasPredictedAndDidNotComeIsInhibitedNotErased) {
  Kalman kalman({}, map_, program_, Stream(1));
  const auto weights = [&] {  // of A's line
    return kalman.named_buffers()["weight"].narrow(2, 0, 9).sum().item<double>();
  };
  for (int i = 0; i < 20; ++i) kalman.learn({trial("A", 1)});
  const double said = says(kalman, "A"), known = weights();
  for (int i = 0; i < 20; ++i) kalman.learn({trial("A", 0)});
  EXPECT_LT(says(kalman, "A"), 0.6 * said);
  EXPECT_GE(weights(), 0.98 * known);
}

TEST_F(KalmanTest, WeightsOfCuesFallWhereInhibitionIsLeftOut) {
  KalmanConfig config;
  config.inhibition.reset();
  Kalman kalman(config, map_, program_, Stream(1));
  for (int i = 0; i < 20; ++i) kalman.learn({trial("A", 1)});
  const auto before = kalman.named_buffers()["weight"][0][0][3].item<double>();
  for (int i = 0; i < 20; ++i) kalman.learn({trial("A", 0)});
  EXPECT_LT(kalman.named_buffers()["weight"][0][0][3].item<double>(), 0.6 * before);
  EXPECT_EQ(kalman.named_buffers()["fast"].numel(), 0);
  EXPECT_EQ(kalman.named_buffers()["recent"].item<double>(), 0);
}

TEST_F(KalmanTest, FirstWeightsAreDrawnByNameAndSubject) {
  const Program two = program("  joy: {truth: pain}\n  fear: {truth: pain}\n", kTicks);
  KalmanConfig config;
  const auto weight = [&](const Program& program, int64_t seed) {
    return Kalman(config, map_, program, Stream(seed)).named_buffers()["weight"].clone();
  };
  EXPECT_TRUE(weight(program_, 1)[0][0].equal(weight(two, 1)[0][1]));
  EXPECT_FALSE(weight(two, 1)[0][0].equal(weight(two, 1)[0][1]));
  EXPECT_FALSE(weight(program_, 1).equal(weight(program_, 2)));
  EXPECT_GE(weight(program_, 1).min().item<double>(), 0);
  config.nonnegative = false;
  EXPECT_LT(weight(program_, 1).min().item<double>(), 0);
}

// Opaque thoughts, no inhibition, nothing drifts: p = x (X'X + R / prior)^-1 X'y.
TEST_F(KalmanTest, WithoutCodeAndInhibitionItIsRidgeRegression) {
  KalmanConfig config{.code = {}, .initial = 0, .nonnegative = false, .inhibition = {}};
  config.learning = {
      .prior_variance = 0.5, .process_noise = 0, .observation_noise = 2, .noise_per_surprise = 0};
  const Program now = program("  fear: {truth: pain}\n", 5);
  Kalman kalman(config, opaque_thought(3), now, Stream(1));
  const auto x_BTD = Stream(2).normal({4, 5, 3}).to(at::kDouble);
  const auto y_BTN = Stream(3).normal({4, 5, 1}).to(at::kDouble);
  std::vector<OwnRule::Statistics> rows;
  for (int64_t row = 0; row < 4; ++row) rows.push_back(lesson(x_BTD[row], y_BTN[row]));
  kalman.learn({together(rows)});
  const auto x = at::cat({x_BTD.view({20, 3}), at::ones({20, 1}, at::kDouble)}, 1);
  const auto inverse = at::linalg_inv(x.t().matmul(x) + 4 * at::eye(4, at::kDouble));
  const auto weight = inverse.matmul(x.t().mv(y_BTN.flatten()));
  EXPECT_LT((kalman.named_buffers()["weight"].flatten() - weight).abs().max().item<double>(),
            1e-12);
  const Scorecard card = kalman.predict(x_BTD);
  EXPECT_LT((card.mean_BTN.flatten() - x.mv(weight)).abs().max().item<double>(), 1e-6);
  const auto variance = 2 * (x.matmul(inverse) * x).sum(1);
  EXPECT_LT((card.variance_BTN.flatten() - variance).abs().max().item<double>(), 1e-6);
}

TEST_F(KalmanTest, AVarianceThatRoundingMadeNegativeIsNone) {
  Kalman kalman({}, map_, program_, Stream(1));
  kalman.named_buffers()["covariance"].neg_();
  const Scorecard card = kalman.predict(thought("A").unsqueeze(0));
  EXPECT_EQ(card.variance_BTN.abs().max().item<double>(), 0);
}

TEST_F(KalmanTest, WithoutCodeAFeatureThatIsZeroIsNotThere) {
  KalmanConfig config{.code = {}, .initial = 0};
  config.learning.associability = AssociabilityConfig{.rate = 0.25, .initial = 1};
  const Program now = program("  fear: {truth: pain}\n", 1);
  Kalman kalman(config, opaque_thought(2), now, Stream(1));
  kalman.learn({lesson(at::tensor({1.0, 0.0}).view({1, 2}), at::full({1, 1}, 5.0))});
  const auto of = [&](const char* name, int64_t feature) {
    return kalman.named_buffers()[name][0][0][feature].item<double>();
  };
  EXPECT_DOUBLE_EQ(of("alpha", 0), 0.75 + 0.25 * 5);
  EXPECT_EQ(of("alpha", 1), 1) << "nothing surprised about what was absent";
  EXPECT_DOUBLE_EQ(of("alpha", 2), 0.75 + 0.25 * 5) << "the constant is always there";
  EXPECT_EQ(of("met", 0), 1);
  EXPECT_EQ(of("met", 1), 0);
}

TEST_F(KalmanTest, TheConstantIsAContextThatInhibitionLeavesAlone) {
  KalmanConfig config{.code = {}, .initial = 0};
  const Program now = program("  fear: {truth: pain}\n", 1);
  Kalman kalman(config, opaque_thought(1), now, Stream(1));
  kalman.learn({lesson(at::ones({1, 1}), at::ones({1, 1}))});
  const auto before = kalman.named_buffers()["weight"].flatten().clone();
  kalman.learn({lesson(at::ones({1, 1}), at::zeros({1, 1}))});
  const auto after = kalman.named_buffers()["weight"].flatten();
  EXPECT_EQ(after[0].item<double>(), before[0].item<double>());
  EXPECT_LT(after[1].item<double>(), before[1].item<double>());
  EXPECT_GT(kalman.named_buffers()["fast"].flatten()[0].item<double>(), 0);
}

TEST_F(KalmanTest, AGateIsHowOftenWhatDidNotComeIsALesson) {
  const Program now = program("  fear: {truth: pain}\n", 1);
  const auto inhibited = [&](double gate) {
    const KalmanConfig config{.code = {}, .initial = 0};
    Kalman kalman(config, opaque_thought(1), now, Stream(1));
    kalman.learn({lesson(at::ones({1, 1}), at::ones({1, 1}))});
    auto omission = lesson(at::ones({1, 1}), at::zeros({1, 1}));
    omission[3].fill_(gate);
    kalman.learn({omission});
    return kalman.named_buffers()["fast"].flatten()[0].item<double>();
  };
  EXPECT_GT(inhibited(1), 0);
  EXPECT_NEAR(inhibited(0.5), 0.5 * inhibited(1), 1e-15);
}

TEST_F(KalmanTest, AChainSinksOnlyAtTheEndOfAStep) {
  KalmanConfig config;
  config.initial = 0;
  Kalman unchained(config, map_, program_, Stream(1));
  config.chain = ChainConfig{.levels = 3, .rate = 0.2};
  Kalman kalman(config, map_, program_, Stream(1));
  for (Kalman* const each : {&unchained, &kalman}) each->learn({trial("A", 1), trial("AB", 1)});
  const auto weight = unchained.named_buffers()["weight"];
  const auto close = [](const at::Tensor& a, const at::Tensor& b) {
    return (a - b).abs().max().item<double>() < 1e-15;
  };
  EXPECT_TRUE(close(kalman.named_buffers()["weight"], 0.8 * weight));
  EXPECT_TRUE(close(kalman.named_buffers()["weight_chain"][0], 0.1 * weight));
  kalman.divide({Stream(2), Stream(3)});
  EXPECT_EQ(kalman.named_buffers()["weight_chain"].sizes(), at::IntArrayRef({2, 2, 1, 28}));
  EXPECT_EQ(kalman.named_buffers()["weight_chain"].abs().max().item<double>(), 0);
  kalman.learn({together({trial("A", 1), trial("B", 1)})});
  EXPECT_GT(kalman.named_buffers()["weight_chain"][0].max().item<double>(), 0);
}

TEST_F(KalmanTest, OrientingHabituatesWhereItLearnsAndNowhereElse) {
  KalmanConfig config;
  config.code->orienting = OrientingConfig{.gain = 1, .rate = 0.25, .recovery = 0};
  Kalman kalman(config, map_, program_, Stream(1));
  kalman.divide({Stream(1), Stream(2)});
  const auto familiar = [&](int64_t subject, int64_t cue) {
    return kalman.named_buffers()["familiar"][subject][cue].item<double>();
  };
  kalman.learn({together({trial("A", 1), trial("B", 1, /*gate=*/0)})});
  EXPECT_DOUBLE_EQ(familiar(0, 0), 0.25);
  EXPECT_EQ(familiar(0, 1), 0);
  EXPECT_EQ(familiar(1, 1), 0) << "its gate was shut";
  (void)kalman.recall(together({trial("A", 1), trial("B", 1)}));
  EXPECT_DOUBLE_EQ(familiar(0, 0), 0.25);
}

TEST_F(KalmanTest, CuesAreForgottenInTrialsThatAreNotLived) {
  KalmanConfig config;
  config.code->orienting = OrientingConfig{.gain = 1, .rate = 0.5, .recovery = 0.1};
  Kalman kalman(config, map_, program_, Stream(1));
  kalman.learn({trial("A", 1)});
  kalman.rest(2);
  EXPECT_DOUBLE_EQ(kalman.named_buffers()["familiar"][0][0].item<double>(), 0.5 * 0.9 * 0.9);
}

}  // namespace
}  // namespace limbic::brain
