#include "limbic/brain/cortex/base/base_density.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/brain/cortex/distribution.h"
#include "limbic/core/error.h"
#include "toy.h"

namespace limbic::brain {
namespace {

using worlds::Kind;
using worlds::Schema;

constexpr int64_t kScalars = 4, kComponents = 3;

// Sites: a, b, k, c, d; k a category of three.
Schema schema() {
  return Schema({{.name = "a", .center = 1, .scale = 2},
                 {.name = "b"},
                 {.name = "k", .kind = Kind::kCategory, .size = 3},
                 {.name = "c"},
                 {.name = "d"}},
                1);
}

/// A base with numbers of its own, and the same numbers for an oracle.
struct Oracle {
  BaseDensity base{BaseConfig{.components = kComponents}, schema()};
  at::Tensor weight, mean, covariance, choice;

  Oracle() {
    const at::NoGradGuard no_grad;
    const Stream stream(3);
    auto held = base->named_buffers();
    const auto root = stream.child("root").normal({kComponents, kScalars, kScalars});
    held["log_weight"].copy_(stream.child("weight").normal({kComponents}).log_softmax(0));
    held["mean"].copy_(stream.child("mean").normal({kComponents, kScalars}));
    held["covariance"].copy_(root.matmul(root.transpose(1, 2)) + at::eye(kScalars));
    held["log_choice"].copy_(stream.child("choice").normal({kComponents, 3}).log_softmax(1));
    weight = held["log_weight"].exp();
    mean = held["mean"];
    covariance = held["covariance"];
    choice = held["log_choice"].exp();
  }

  // Mean, deviation and weights of scalar `about` given the scalars `seen` of x and perhaps option
  // k, by inverting covariances.
  [[nodiscard]] std::vector<at::Tensor> condition(const at::Tensor& x,
                                                  const std::vector<int64_t>& seen, int64_t about,
                                                  int64_t k) const {
    auto weights = weight.clone(), means = mean.select(1, about).clone(),
         deviations = at::zeros({kComponents}, at::kDouble);
    for (int64_t i = 0; i < kComponents; ++i) {
      if (k >= 0) weights[i].mul_(choice[i][k]);
      auto variance = covariance[i][about][about].clone();
      if (!seen.empty()) {
        const auto at_seen = at::tensor(seen, at::kLong);
        const auto inner = covariance[i].index_select(0, at_seen).index_select(1, at_seen);
        const auto cross = covariance[i][about].index_select(0, at_seen);
        const auto apart = x.index_select(0, at_seen) - mean[i].index_select(0, at_seen);
        const auto by = at::linalg_solve(inner, apart);
        means[i].add_(cross.dot(by));
        variance.sub_(cross.dot(at::linalg_solve(inner, cross)));
        weights[i].mul_(at::exp(-0.5 * apart.dot(by)) / at::linalg_det(inner * 2 * M_PI).sqrt());
      }
      deviations[i] = variance.sqrt();
    }
    return {(weights / weights.sum()).log(), means, deviations};
  }
};

// Which sites each query sees: chains of two rows, in orders of their own; about the site after.
struct Asked {
  at::Tensor sees, site;
  std::vector<std::vector<int64_t>> scalars;  // that each query sees
  std::vector<int64_t> scalar, option_is_seen;
};
Asked chains() {
  Asked asked{at::zeros({2, 3, 5}, at::kBool), {}, {}, {}, {}};
  const std::vector<std::vector<int64_t>> orders{{2, 4, 0, 3}, {3, 1, 2, 0}};  // sites
  const std::vector<int64_t> scalar_of_site{0, 1, -1, 2, 3};
  std::vector<int64_t> sites;
  for (int64_t row = 0; row < 2; ++row) {
    for (int64_t query = 0; query < 3; ++query) {
      std::vector<int64_t> seen;
      bool sees_option = false;
      for (int64_t i = 0; i <= query; ++i) {
        const int64_t site = orders[row][i];
        asked.sees[row][query][site] = true;
        if (site == 2) sees_option = true;
        if (site != 2) seen.push_back(scalar_of_site[site]);
      }
      asked.scalars.push_back(seen);
      asked.option_is_seen.push_back(sees_option);
      sites.push_back(orders[row][query + 1]);
      asked.scalar.push_back(scalar_of_site[sites.back()]);
    }
  }
  asked.site = at::tensor(sites, at::kLong);
  return asked;
}

TEST(BaseDensityTest, AnswersEachQueryOfAChainAsItsGaussiansConditionedByThemselves) {
  const Oracle oracle;
  const auto episodes = toy::episodes(schema(), 2);
  const Asked asked = chains();
  const auto chain = oracle.base->chain(asked.sees);
  const BasePosterior found = oracle.base->posterior(chain, episodes, asked.site, 0, 3);
  for (int64_t i = 0; i < 6; ++i) {
    const int64_t row = i / 3;
    const auto x =
        at::stack({(episodes.value[0][row].squeeze() - 1) / 2, episodes.value[1][row].squeeze(),
                   episodes.value[3][row].squeeze(), episodes.value[4][row].squeeze()})
            .to(at::kDouble);
    const int64_t option = asked.option_is_seen[i] ? episodes.value[2][row].item<int64_t>() : -1;
    const auto expected =
        oracle.condition(x, asked.scalars[i], std::max<int64_t>(asked.scalar[i], 0), option);
    EXPECT_LT(toy::distance(found.log_weight[i], expected[0]), 1e-9) << i;
    if (asked.scalar[i] < 0) continue;  // about the category: weights alone
    EXPECT_LT(toy::distance(found.mean[i], expected[1]), 1e-9) << i;
    EXPECT_LT(toy::distance(found.scale[i], expected[2]), 1e-9) << i;
  }
}

TEST(BaseDensityTest, OneQueryAtATimeHasTheSameAnswers) {
  const Oracle oracle;
  const auto episodes = toy::episodes(schema(), 2);
  const Asked asked = chains();
  const auto chain = oracle.base->chain(asked.sees);
  const auto all = oracle.base->posterior(chain, episodes, asked.site, 0, 3);
  for (int64_t query = 0; query < 3; ++query) {
    const auto site = asked.site.view({2, 3}).select(1, query);
    const auto one = oracle.base->posterior(chain, episodes, site, query, 1);
    EXPECT_EQ(toy::distance(one.mean, all.mean.view({2, 3, -1}).select(1, query)), 0) << query;
    EXPECT_EQ(toy::distance(one.log_weight, all.log_weight.view({2, 3, -1}).select(1, query)), 0);
  }
}

TEST(BaseDensityTest, WhatAQuerySeesItselfItKnows) {
  const Oracle oracle;
  const auto episodes = toy::episodes(schema(), 1);
  auto sees = at::zeros({1, 1, 5}, at::kBool);
  sees[0][0][0] = sees[0][0][3] = true;
  const auto found =
      oracle.base->posterior(oracle.base->chain(sees), episodes, at::tensor({3}, at::kLong), 0, 1);
  EXPECT_LT(toy::distance(found.mean, episodes.value[3].view({1, 1}).expand({1, kComponents})),
            1e-6);
  EXPECT_LT(found.scale.max().item<double>(), 1e-5);
}

TEST(BaseDensityTest, ACategoryIsLikelyAsItsComponentsSay) {
  const Oracle oracle;
  const auto log_weight = at::tensor({0.2, 0.5, 0.3}, at::kDouble).log().unsqueeze(0);
  const auto expected = (log_weight.exp().t() * oracle.choice).sum(0, /*keepdim=*/true).log();
  EXPECT_LT(toy::distance(oracle.base->log_choice(2, log_weight), expected), 1e-12);
}

TEST(BaseDensityTest, LearnsFromTheCellsThatAreThereInAnyOrderOfColumns) {
  const Schema forwards({{.name = "a"}, {.name = "b"}}, 1),
      backwards({{.name = "b"}, {.name = "a"}}, 1);
  worlds::Episodes rows = toy::episodes(forwards, 200);
  rows.value[1] = 2 * rows.value[0] + 0.1 * rows.value[1];
  rows.value[1].narrow(0, 0, 50).fill_(1e6);  // absent, and never looked at
  rows.present_BTV.narrow(0, 0, 50).select(2, 1).fill_(false);
  worlds::Episodes turned{{rows.value[1], rows.value[0]}, rows.present_BTV.flip(2)};
  BaseDensity one(BaseConfig{.components = 8}, forwards),
      other(BaseConfig{.components = 8}, backwards);
  one->initialise_from(rows, Stream(1));
  other->initialise_from(turned, Stream(1));
  const auto mean = one->named_buffers()["mean"], turned_mean = other->named_buffers()["mean"];
  EXPECT_LT(toy::distance(mean, turned_mean.flip(1)), 1e-6);
  const auto first = one->named_buffers()["covariance"][0];
  EXPECT_NEAR((first[0][1] / first[0][0]).item<double>(), 2, 0.2);
}

TEST(BaseDensityTest, RefusesAWorldWithoutScalars) {
  const Schema words({{.name = "k", .kind = Kind::kCategory, .size = 3}}, 1);
  const auto make = [&] { return BaseDensity(BaseConfig{.components = 2}, words); };
  EXPECT_THAT(make, testing::ThrowsMessage<Error>(testing::HasSubstr(
                        "cortex.base_density is a density of 1 to 256 scalars, and this world has 0")));
}

at::Tensor row(const std::vector<double>& numbers) {
  return at::tensor(numbers, at::kDouble).unsqueeze(0);
}

// Its own Gaussians are in units of the base's, which stand beside them.
TEST(OverBaseTest, IsTheMixtureOfBothByTheGate) {
  const BasePosterior base{row({0.25, 0.75}).log(), row({1, 3}), row({0.5, 0.5})};
  // The base's mean is 2.5, and its variance 1/4 + 1/4 9/4 + 3/4 1/4 = 1.
  const auto params = over_base(row({0.7, 0.2, 0.1, std::log(3.0)}), base);
  EXPECT_LT(toy::distance(params, row({0, std::log(0.75), std::log(2.25), 2.7, 1, 3, 0.1,
                                       std::log(0.5), std::log(0.5)})),
            1e-12);
}

TEST(OverBaseTest, AChoiceIsTheMixtureOfBothByTheGate) {
  const auto logits = over_base_choice(row({1, 1, std::log(3.0)}), row({0.9, 0.1}).log());
  EXPECT_LT(toy::distance(logits.softmax(1), row({0.8, 0.2})), 1e-12);
}

}  // namespace
}  // namespace limbic::brain
