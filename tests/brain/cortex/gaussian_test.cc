#include "limbic/brain/cortex/gaussian.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/brain/cortex/identity.h"
#include "limbic/core/error.h"
#include "limbic/worlds/gaussian_linear.h"
#include "limbic/worlds/selection.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using testing::StrEq;
using testing::ThrowsMessage;
using toy::distance;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

// theta and x of three dimensions: x = theta + noise.
class LinearWorldTest : public testing::Test {
 protected:
  LinearWorldTest() {
    cortex_.learn({cortex_.observe(draw(12000), {}), cortex_.observe(draw(8000, 1), {})});
  }

  [[nodiscard]] Episodes draw(int64_t num_rows, int64_t part = 0) const {
    return world_.draw({.regime = "rows", .first_row = 12000 * part, .num_rows = num_rows},
                       Stream(3));
  }
  [[nodiscard]] Roles roles(int64_t num_rows, const std::string& row) const {
    return toy::roles(world_.schema(), std::vector<std::string>(num_rows, row));
  }
  // Mean over rows of log p under the cortex, and under the oracle.
  std::pair<double, double> scores(const Episodes& rows, const Roles& given,
                                   const at::Tensor& rank) {
    return {cortex_.log_prob(rows, given, rank).sum({1, 2}).mean().item<double>(),
            world_.oracle()->log_prob(rows, given).mean().item<double>()};
  }

  worlds::GaussianLinear world_{{.dimensions = 3, .prior_variance = 0.2, .noise_variance = 0.1}};
  Gaussian cortex_{{}, world_.schema()};
};

TEST_F(LinearWorldTest, JointLogProbIsTheOracles) {
  const Episodes rows = draw(150, 7);
  for (const std::string row : {"hhh hhh", "hhh ooo", "ooo hhh", "hoh .ho", "h.. ..."}) {
    const Roles given = roles(150, row);
    const auto [found, exact] = scores(rows, given, toy::forwards(given));
    EXPECT_NEAR(found, exact, 0.02) << row;
  }
}

TEST_F(LinearWorldTest, TheOrderOfTheChainDoesNotMatter) {
  const Episodes rows = draw(5, 7);
  const Roles given = roles(5, "hho hhh");
  const auto forwards = cortex_.log_prob(rows, given, toy::forwards(given));
  const auto shuffled = cortex_.log_prob(rows, given, toy::rank(given, {5, 1, 9, 0, 7, 3}));
  EXPECT_GT(distance(forwards, shuffled), 0.01) << "terms differ";
  EXPECT_LT(distance(forwards.sum({1, 2}), shuffled.sum({1, 2})), 1e-4) << "their sum does not";
}

TEST_F(LinearWorldTest, MarginalsAreThoseInClosedForm) {
  const Episodes rows = draw(4, 7);
  const auto marginals = cortex_.marginals(rows, roles(4, "hhh oo."));
  const auto& theta = std::get<GaussianMixture>(marginals[0]);  // [4, 1, 3, 1, 1]
  const double gain = 0.2 / (0.2 + 0.1);
  auto expected = gain * rows.value[1];
  expected.select(2, 2).zero_();  // of x[2] nothing is known
  EXPECT_LT(distance(theta.mean.view({4, 1, 3}), expected), 0.03);
  const auto deviation = (theta.scale.square() + theta.factor.square())[0].flatten().sqrt();
  for (const auto& [cell, variance] :
       {std::pair{0, 0.2 * (1 - gain)}, {1, 0.2 * (1 - gain)}, {2, 0.2}}) {
    EXPECT_NEAR(deviation[cell].item<double>(), std::sqrt(variance), 0.01) << cell;
  }
}

TEST_F(LinearWorldTest, MissingCellsLeaveTheEstimateRight) {
  Episodes rows = draw(20000);
  rows.present_BTV = Stream(4).uniform(rows.present_BTV.sizes()) < 0.7;
  for (auto& column : rows.value) column = column.clone();
  const auto absent = rows.present_BTV.logical_not();
  for (const int64_t i : {0, 1}) rows.value[i].masked_fill_(absent.narrow(2, 3 * i, 3), 99.0);
  Gaussian cortex({}, world_.schema());
  cortex.learn({cortex.observe(rows, {})});
  const Roles given = roles(150, "hhh ooo");
  const Episodes held_out = draw(150, 7);
  const double found =
      cortex.log_prob(held_out, given, toy::forwards(given)).sum({1, 2}).mean().item<double>();
  EXPECT_NEAR(found, world_.oracle()->log_prob(held_out, given).mean().item<double>(), 0.02);
}

TEST_F(LinearWorldTest, SamplesAreJoint) {
  constexpr int64_t kDraws = 3000;
  const Episodes start = worlds::repeat_rows(draw(1, 7), kDraws);
  const Episodes drawn = cortex_.sample(start, roles(kDraws, "h.. hoo"), {}, Stream(2));
  EXPECT_TRUE(drawn.value[1].narrow(2, 1, 2).equal(start.value[1].narrow(2, 1, 2)));
  const auto pair =
      at::stack({drawn.value[0].select(2, 0).flatten(), drawn.value[1].select(2, 0).flatten()});
  const auto covariance = at::cov(pair);
  EXPECT_LT(distance(covariance, at::tensor({0.2F, 0.2F, 0.2F, 0.3F}).view({2, 2})), 0.03)
      << covariance;
}

// What comes first in a row's order is drawn as if it were alone.
TEST_F(LinearWorldTest, SamplesComeInTheOrderOfTheirRank) {
  const Episodes start = draw(2, 7);
  const Roles both = roles(2, "h.. h..");
  auto rank = at::arange(6, at::kLong).view({1, 1, 6}).repeat({2, 1, 1});
  rank[1][0][0] = 9;  // theta[0] comes first in the first row, x[0] in the second
  const Episodes drawn = cortex_.sample(start, both, {1.0, rank}, Stream(2));
  const auto alone = [&](const char* text) {
    return cortex_.sample(start, roles(2, text), {}, Stream(2));
  };
  const auto same_theta = drawn.value[0].eq(alone("h.. ...").value[0]).select(2, 0).flatten();
  const auto same_x = drawn.value[1].eq(alone("... h..").value[1]).select(2, 0).flatten();
  EXPECT_TRUE(same_theta.equal(at::tensor({1, 0}).to(at::kBool)));
  EXPECT_TRUE(same_x.equal(at::tensor({0, 1}).to(at::kBool)));
}

TEST_F(LinearWorldTest, ChunksAddUp) {
  Gaussian whole({}, world_.schema()), parts({}, world_.schema());
  const Episodes rows = draw(60);
  whole.learn({whole.observe(rows, {})});
  parts.learn({parts.observe(rows.rows(0, 25), {}), parts.observe(rows.rows(25, 60), {})});
  const Roles given = roles(60, "hhh ooo");
  EXPECT_LT(distance(whole.log_prob(rows, given, {}), parts.log_prob(rows, given, {})), 1e-5);
}

// Of one trial at (1, 2) a half is left: no spread, and two thirds of the prior, 1 / (1 + 1 / 2).
TEST(GaussianMemoryTest, HalfAPairIsRememberedAtItsPlaceAndWithoutASpread) {
  const Schema schema({{.name = "x"}, {.name = "y"}}, 1);
  Episodes trial = worlds::empty_episodes(schema, 1);
  Gaussian cortex({.memory = 0.5}, schema);
  const auto nothing = cortex.observe(trial, {});
  trial.present_BTV.fill_(true);
  trial.value[0].fill_(1);
  trial.value[1].fill_(2);
  cortex.learn({cortex.observe(trial, {}), nothing});
  trial.value[0].fill_(5);
  const auto given_x = cortex.marginals(trial, toy::roles(schema, {"oh"}));
  const auto& y = std::get<GaussianMixture>(given_x[1]);
  EXPECT_NEAR(y.mean.item<double>(), 2, 1e-3) << "one trial tells nothing of how y goes with x";
  EXPECT_NEAR((y.scale.square() + y.factor.square()).item<double>(), 2.0 / 3, 1e-3);
}

class GaussianTest : public testing::Test {
 protected:
  GaussianTest() {
    Episodes rows = toy::episodes(schema_, 400, 5);
    rows.value[toy::kX].select(1, 0).add_(rows.value[toy::kC].select(2, 0));  // something to know
    rows.value[toy::kV].select(3, 0).add_(rows.value[toy::kV].select(3, 1));
    cortex_.learn({cortex_.observe(rows, {})});
  }

  Schema schema_ = toy::schema(2);
  Gaussian cortex_{{}, schema_};
  Episodes episodes_ = toy::episodes(schema_, 2);
  Roles roles_ = toy::roles(schema_, {"h oh he .. | . .. .o ..", "o ho .. .. | h .. hh .."});
};

TEST_F(GaussianTest, AbsentAndHiddenValuesMoveNothing) {
  Episodes other = toy::moved(toy::moved(episodes_, toy::kX, 0, 1, 0), toy::kV, 0, 1, 0);  // absent
  other = toy::moved(toy::moved(other, toy::kEye, 0), toy::kLabel, 0);
  const auto rank = toy::forwards(roles_);
  EXPECT_EQ(
      distance(cortex_.log_prob(other, roles_, rank), cortex_.log_prob(episodes_, roles_, rank)),
      0);
  other = toy::moved(other, toy::kX, 0, 0, 0);  // hidden
  EXPECT_EQ(distance(cortex_.marginals(other, roles_), cortex_.marginals(episodes_, roles_)), 0);
  EXPECT_EQ(distance(cortex_.think(other, roles_.observed_BTV),
                     cortex_.think(episodes_, roles_.observed_BTV)),
            0);
  const auto change =
      (cortex_.log_prob(other, roles_, {}) - cortex_.log_prob(episodes_, roles_, {})).abs();
  EXPECT_GT(change[0][0][0].item<float>(), 0);
  EXPECT_EQ(change.sum().item<float>(), change[0][0][0].item<float>());
}

TEST(GaussianLearnTest, AbsentValuesTeachNothing) {
  const Schema schema({{.name = "x"}}, 1);
  Episodes rows = toy::episodes(schema, 2000);
  rows.value[0].fill_(2);
  rows.present_BTV.narrow(0, 0, 1000).fill_(false);
  const auto learned = [&](double absent) {
    rows.value[0].narrow(0, 0, 1000).fill_(absent);
    Gaussian cortex({}, schema);
    cortex.learn({cortex.observe(rows, {})});
    return std::get<GaussianMixture>(
               cortex.marginals(rows.rows(0, 1), toy::roles(schema, {"h"}))[0])
        .mean.item<double>();
  };
  EXPECT_NEAR(learned(0), 2, 0.05);
  EXPECT_EQ(learned(-5), learned(0));
}

TEST_F(GaussianTest, RowsAloneAndTogetherAreTheSame) {
  const auto together = cortex_.log_prob(episodes_, roles_, toy::forwards(roles_));
  for (const int64_t b : {0, 1}) {
    const Roles own = roles_.rows(b, b + 1);
    EXPECT_EQ(distance(cortex_.log_prob(episodes_.rows(b, b + 1), own, toy::forwards(own))[0],
                       together[b]),
              0);
  }
}

TEST_F(GaussianTest, ThoughtIsCausalAndHoldsWhatIsObserved) {
  const auto observed = roles_.observed_BTV;
  const auto before = cortex_.think(episodes_, observed);
  EXPECT_EQ(before.sizes(), at::IntArrayRef({2, 2, cortex_.thought_size()}));
  EXPECT_EQ(cortex_.thought_size(), 2 + 6 + 12);
  const auto after = cortex_.think(toy::moved(episodes_, toy::kV, 1, /*tick=*/1), observed);
  EXPECT_EQ(distance(after.select(1, 0), before.select(1, 0)), 0);
  EXPECT_GT(distance(after[0][1], before[0][1]), 0.1);
  const float z = (episodes_.value[toy::kX][1][0][0].item<float>() - 1) / 2;
  EXPECT_NEAR(before[1][0][0].item<float>(), z, 1e-3 * (1 + std::abs(z)));
}

TEST_F(GaussianTest, WhatItThinksInTheEndIsWhatItPredicts) {
  const auto thought = cortex_.think(episodes_, roles_.observed_BTV).select(1, 1);
  const auto marginals = cortex_.marginals(episodes_, roles_);
  const auto x = (std::get<GaussianMixture>(marginals[toy::kX]).mean.flatten(1) - 1) / 2;
  const auto v = (std::get<GaussianMixture>(marginals[toy::kV]).mean.flatten(1) + 1) / 0.5;
  EXPECT_LT(distance(thought.narrow(1, 0, 2), x), 1e-5);
  EXPECT_LT(distance(thought.narrow(1, 8, 12), v), 1e-5);
}

TEST_F(GaussianTest, CategoriesOnTheirOwnHaveTheirFrequencies) {
  Episodes rows = toy::episodes(schema_, 1000);
  rows.value[toy::kC].zero_();
  rows.value[toy::kC].narrow(0, 0, 300).fill_(2);
  Gaussian cortex({}, schema_);
  cortex.learn({cortex.observe(rows, {})});
  const auto marginals = cortex.marginals(
      episodes_, toy::roles(schema_, {". h. .. .. | . .. .. ..", ". h. .. .. | . .. .. .."}));
  const auto p = brain::mean(marginals[toy::kC])[0][0][0];
  EXPECT_LT(distance(p, at::tensor({0.7F, 0.001F, 0.3F})), 2e-3) << p;
}

TEST_F(GaussianTest, SamplesOfAVectorKeepItsDimensionsTogether) {
  constexpr int64_t kDraws = 3000;
  const Roles one = toy::roles(schema_, {"o oo h. .. | . .. .. .."});
  const auto many = [&](const at::Tensor& mask) {
    return mask.expand({kDraws, -1, -1}).contiguous();
  };
  const Episodes drawn =
      cortex_.sample(worlds::repeat_rows(episodes_.rows(0, 1), kDraws),
                     {many(one.observed_BTV), many(one.asked_BTV)}, {}, Stream(2));
  const auto cell = drawn.value[toy::kV].select(1, 0).select(1, 0);  // [draws, 3]: v0 + v1, v1, v2
  EXPECT_NEAR(at::corrcoef(cell.t())[0][1].item<double>(), std::sqrt(0.5), 0.07);
}

TEST_F(GaussianTest, MarginalsOfAVectorHaveTheDensityOfLogProb) {
  const auto m = std::get<GaussianMixture>(cortex_.marginals(episodes_, roles_)[toy::kV]);
  const auto factor = m.factor[0][0][0].to(at::kDouble),
             scale = m.scale[0][0][0][0].to(at::kDouble);
  const auto covariance = at::diag(scale.square()) + factor.matmul(factor.t());
  const auto error = (episodes_.value[toy::kV][0][0][0] - m.mean[0][0][0][0]).to(at::kDouble);
  const double density = (-0.5 * error.dot(at::linalg_inv(covariance).mv(error)) -
                          0.5 * at::logdet(2 * M_PI * covariance))
                             .item<double>();
  EXPECT_NEAR(cortex_.log_prob(episodes_, roles_, {})[0][0][3].item<double>(), density, 1e-3);
}

// Taught 10,000 log normals: exp(N(1, .5^2)) at x = 2.
TEST(GaussianTransformedTest, ALogNormalHasItsDensityAndItsMean) {
  const Schema schema({{.name = "x", .transform = {.kind = worlds::TransformKind::kLog}}}, 1);
  Episodes rows = toy::episodes(schema, 10000);
  rows.value[0] = (rows.value[0] * 0.5 + 1).exp();
  Gaussian cortex({}, schema);
  cortex.learn({cortex.observe(rows, {})});
  Episodes two = toy::episodes(schema, 1);
  two.value[0].fill_(2);
  const Roles hidden = toy::roles(schema, {"h"});
  const double z = (std::log(2) - 1) / 0.5;
  EXPECT_NEAR(cortex.log_prob(two, hidden, {}).item<double>(),
              -0.5 * z * z - std::log(0.5 * std::sqrt(2 * M_PI)) - std::log(2), 0.03);
  EXPECT_NEAR(mean(cortex.marginals(two, hidden)[0]).item<double>(), std::exp(1.125), 0.05);
}

// a ~ b, b ~ c and c ~ -a, never seen together: no covariance has these three correlations.
TEST(GaussianGapsTest, PairsThatContradictEachOtherAreLegal) {
  const Schema schema({{.name = "a"}, {.name = "b"}, {.name = "c"}}, 1);
  Episodes rows = worlds::empty_episodes(schema, 300);
  const auto noise = Stream(1).normal({100, 1, 1});
  for (const auto& [pair, first, second, sign] :
       {std::tuple{0, 0, 1, 1}, std::tuple{1, 1, 2, 1}, std::tuple{2, 2, 0, -1}}) {
    rows.value[first].narrow(0, 100 * pair, 100).copy_(noise);
    rows.value[second].narrow(0, 100 * pair, 100).copy_(sign * noise);
    for (const int64_t i : {first, second}) {
      rows.present_BTV.narrow(0, 100 * pair, 100).select(2, i).fill_(true);
    }
  }
  Gaussian cortex({}, schema);
  cortex.learn({cortex.observe(rows, {})});
  const Roles given = toy::roles(schema, {"ooh", "hhh", "oho"});
  const auto log_prob = cortex.log_prob(rows.rows(0, 3), given, toy::forwards(given));
  EXPECT_TRUE(log_prob.isfinite().all().item<bool>());
}

TEST(GaussianUntaughtTest, ExpectsStandardNormals) {
  const Schema schema = toy::schema();
  Gaussian cortex({}, schema);
  const Episodes episodes = toy::episodes(schema, 1);
  const double z = (episodes.value[toy::kX].item<double>() - 1) / 2;
  const auto log_prob = cortex.log_prob(episodes, toy::roles(schema, {"h oo oo .."}), {});
  EXPECT_NEAR(log_prob[0][0][0].item<double>(), -z * z / 2 - std::log(2 * std::sqrt(2 * M_PI)),
              1e-3);
}

class IdentityTest : public testing::Test {
 protected:
  Schema schema_ = toy::schema(2);
  Identity cortex_{{}, schema_};
  Episodes episodes_ = toy::episodes(schema_, 1);
};

TEST_F(IdentityTest, TheThoughtIsWhatWasObservedUpToNow) {
  episodes_.value[toy::kX].copy_(at::tensor({5.F, -1.F}).view({1, 2, 1}));  // z = 2, -1
  episodes_.value[toy::kC].copy_(at::tensor({2, 1}).view({1, 1, 2}));
  episodes_.value[toy::kV].fill_(-0.5);  // z = 1
  const auto observed = toy::roles(schema_, {"o o. .o .. | o .. o. .."}).observed_BTV;
  const auto thought = cortex_.think(episodes_, observed);
  ASSERT_EQ(cortex_.thought_size(), 2 + 6 + 12);
  //                                      x       c[0]      c[1]      v[0], v[1] at 0    v[0], v[1]
  //                                      at 1
  const auto first = at::tensor({2.F, 0.F, 0.F, 0.F, 1.F, 0.F, 0.F, 0.F, 0.F, 0.F,
                                 0.F, 1.F, 1.F, 1.F, 0.F, 0.F, 0.F, 0.F, 0.F, 0.F});
  auto second = first.clone();
  second[1] = -1;
  second.narrow(0, 14, 3).fill_(1);
  EXPECT_EQ(distance(thought, at::stack({first, second}).unsqueeze(0)), 0);
}

TEST_F(IdentityTest, RefusesToPredict) {
  const Roles roles = toy::roles(schema_, {"h oo oo .. | . .. .. .."});
  const auto refused = ThrowsMessage<Error>(
      StrEq("cortex 'identity' predicts nothing: drop the losses and evals that ask it to"));
  EXPECT_THAT([&] { (void)cortex_.log_prob(episodes_, roles, {}); }, refused);
  EXPECT_THAT([&] { (void)cortex_.marginals(episodes_, roles); }, refused);
  EXPECT_THAT([&] { (void)cortex_.sample(episodes_, roles, {}, Stream(1)); }, refused);
}

}  // namespace
}  // namespace limbic::brain
