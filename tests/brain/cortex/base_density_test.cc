#include "limbic/brain/cortex/base/base_density.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/brain/cortex/distribution.h"
#include "limbic/core/error.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using worlds::Kind;
using worlds::Schema;

constexpr int64_t kScalars = 13, kComponents = 3, kSites = 15;
constexpr int64_t kFirstWord = 2;  // sites 2 and 3 are words, all others scalars

// Sites: a, b, two words k of three, c, and ten of d: more scalars than a vector register holds.
Schema schema() {
  return Schema({{.name = "a", .center = 1, .scale = 2},
                 {.name = "b"},
                 {.name = "k", .kind = Kind::kCategory, .size = 3, .num_cells = 2},
                 {.name = "c"},
                 {.name = "d", .num_cells = 10}},
                1);
}
bool is_word(int64_t site) { return site == kFirstWord || site == kFirstWord + 1; }
int64_t scalar_of(int64_t site) { return site < kFirstWord ? site : site - 2; }

/// A base with numbers of its own, and the same numbers for an oracle.
struct Oracle {
  BaseDensity base;
  at::Tensor weight, mean, covariance, choice;

  explicit Oracle(bool fused) : base(BaseConfig{.components = kComponents}, schema(), fused) {
    const at::NoGradGuard no_grad;
    const Stream stream(3);
    auto held = base->named_buffers();
    const auto root = stream.child("root").normal({kComponents, kScalars, kScalars});
    held["log_weight"].copy_(stream.child("weight").normal({kComponents}).log_softmax(0));
    held["mean"].copy_(stream.child("mean").normal({kComponents, kScalars}));
    held["covariance"].copy_(root.matmul(root.transpose(1, 2)) + at::eye(kScalars));
    held["log_choice"].copy_(
        stream.child("choice").normal({kComponents, 2, 3}).log_softmax(2).view({kComponents, 6}));
    weight = held["log_weight"].exp();
    mean = held["mean"];
    covariance = held["covariance"];
    choice = held["log_choice"].exp();
  }

  // Log weights, means and deviations of scalar `about` given the scalars `seen` of x and the
  // options `chosen`, by inverting covariances.
  [[nodiscard]] std::vector<at::Tensor> condition(const at::Tensor& x,
                                                  const std::vector<int64_t>& seen, int64_t about,
                                                  const std::vector<int64_t>& chosen) const {
    auto weights = weight.clone(), means = mean.select(1, about).clone(),
         deviations = at::zeros({kComponents}, at::kDouble);
    for (int64_t i = 0; i < kComponents; ++i) {
      for (const int64_t option : chosen) weights[i].mul_(choice[i][option]);
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

// Rows whose queries are about one site after the other, each told those before it.
struct Asked {
  at::Tensor order;  // [B, S], of sites
  at::Tensor sees;   // [B, S - 1, S]
  at::Tensor site;   // [B * (S - 1)]
};
Asked chains(int64_t num_rows) {
  Asked asked{at::empty({num_rows, kSites}, at::kLong),
              at::zeros({num_rows, kSites - 1, kSites}, at::kBool),
              {}};
  for (int64_t row = 0; row < num_rows; ++row) {
    asked.order[row] = Stream(5).at(row).permutation(kSites);
    for (int64_t query = 0; query + 1 < kSites; ++query)
      asked.sees[row][query].index_fill_(0, asked.order[row].narrow(0, 0, query + 1), true);
  }
  asked.site = asked.order.narrow(1, 1, kSites - 1).reshape({-1});
  return asked;
}

class BaseDensityTest : public testing::TestWithParam<bool> {
 protected:
  const Oracle oracle_{GetParam()};
  const worlds::Episodes episodes_ = toy::episodes(schema(), 3);
  const Asked asked_ = chains(3);
};

TEST_P(BaseDensityTest, AnswersEachQueryOfAChainAsItsGaussiansConditionedByThemselves) {
  const BasePosterior found = oracle_.base->posterior(asked_.sees, episodes_, asked_.site);
  const auto& value = episodes_.value;
  const auto x = at::cat({(value[0].view({3, 1}) - 1) / 2, value[1].view({3, 1}),
                          value[3].view({3, 1}), value[4].view({3, 10})},
                         1)
                     .to(at::kDouble);
  for (int64_t i = 0; i < found.mean.size(0); ++i) {
    const int64_t row = i / (kSites - 1), query = i % (kSites - 1);
    std::vector<int64_t> seen, chosen;
    for (int64_t q = 0; q <= query; ++q) {
      const auto site = asked_.order[row][q].item<int64_t>();
      if (!is_word(site)) seen.push_back(scalar_of(site));
      if (is_word(site))
        chosen.push_back(3 * (site - kFirstWord) +
                         value[2].view({3, 2})[row][site - kFirstWord].item<int64_t>());
    }
    const auto about = asked_.site[i].item<int64_t>();
    const auto expected =
        oracle_.condition(x[row], seen, is_word(about) ? 0 : scalar_of(about), chosen);
    EXPECT_LT(toy::distance(found.log_weight[i], expected[0]), 1e-8) << i;
    if (is_word(about)) continue;
    EXPECT_LT(toy::distance(found.mean[i], expected[1]), 1e-8) << i;
    EXPECT_LT(toy::distance(found.scale[i], expected[2]), 1e-8) << i;
  }
}

TEST_P(BaseDensityTest, OneQueryAtATimeHasTheSameAnswers) {
  const auto factor = oracle_.base->factor(asked_.sees);
  const auto all = oracle_.base->posterior(asked_.sees, episodes_, asked_.site);
  const auto of = [](const at::Tensor& x, int64_t query) {
    return x.view({3, kSites - 1, -1}).select(1, query);
  };
  for (int64_t query = 0; query + 1 < kSites; ++query) {
    const auto site = of(asked_.site, query).reshape({-1});
    const auto one = oracle_.base->posterior(factor, episodes_, site, query, 1);
    EXPECT_EQ(toy::distance(one.mean, of(all.mean, query)), 0) << query;
    EXPECT_EQ(toy::distance(one.scale, of(all.scale, query)), 0) << query;
    EXPECT_EQ(toy::distance(one.log_weight, of(all.log_weight, query)), 0) << query;
  }
}

TEST_P(BaseDensityTest, WhatAQuerySeesItselfItKnows) {
  auto sees = at::zeros({3, 1, kSites}, at::kBool);
  for (const int64_t site : {0, 4, 9}) sees.select(2, site).fill_(true);
  const auto found = oracle_.base->posterior(sees, episodes_, at::tensor({4, 4, 4}, at::kLong));
  EXPECT_LT(toy::distance(found.mean, episodes_.value[3].view({3, 1}).expand({3, kComponents})),
            1e-6);
  EXPECT_LT(found.scale.max().item<double>(), 1e-5);
}

TEST_P(BaseDensityTest, EachCellOfACategoryIsLikelyAsItsComponentsSay) {
  const auto weight = at::tensor({0.2, 0.5, 0.3}, at::kDouble).unsqueeze(0);
  for (const int64_t cell : {0, 1}) {
    BasePosterior about;
    about.log_weight = weight.log();
    about.site = at::tensor({kFirstWord + cell}, at::kLong);
    EXPECT_LT(toy::distance(oracle_.base->log_choice(2, about),
                            weight.matmul(oracle_.choice.narrow(1, 3 * cell, 3)).log()),
              1e-12)
        << cell;
  }
}

TEST(BaseDensityByHandTest, ComponentsThatAreNotUsedAreNotFactoredAndHaveNoSay) {
  BaseDensity spare(BaseConfig{.components = 8}, schema(), true),  // one is used until a fit
      exact(BaseConfig{.components = 1}, schema(), true);
  const Asked asked = chains(3);
  const auto episodes = toy::episodes(schema(), 3);
  EXPECT_EQ(spare->factor(asked.sees).upper_BKDD.size(1), 1);
  const auto found = spare->posterior(asked.sees, episodes, asked.site);
  const auto expected = exact->posterior(asked.sees, episodes, asked.site);
  EXPECT_EQ(toy::distance(found.log_weight.exp(), at::eye(1, 8).expand_as(found.log_weight)), 0);
  EXPECT_EQ(toy::distance(found.mean.narrow(1, 0, 1), expected.mean), 0);
  EXPECT_EQ(toy::distance(found.scale.narrow(1, 0, 1), expected.scale), 0);
}

INSTANTIATE_TEST_SUITE_P(ByHandOrAten, BaseDensityTest, testing::Bool());

TEST(BaseDensityFitTest, LearnsFromTheCellsThatAreThereInAnyOrderOfColumns) {
  const Schema forwards({{.name = "a"}, {.name = "b"}}, 1),
      backwards({{.name = "b"}, {.name = "a"}}, 1);
  worlds::Episodes rows = toy::episodes(forwards, 200);
  rows.value[1] = 2 * rows.value[0] + 0.1 * rows.value[1];
  rows.value[1].narrow(0, 0, 50).fill_(1e6);  // absent, and never looked at
  rows.present_BTV.narrow(0, 0, 50).select(2, 1).fill_(false);
  worlds::Episodes turned{{rows.value[1], rows.value[0]}, rows.present_BTV.flip(2)};
  BaseDensity one(BaseConfig{.components = 8}, forwards, true),
      other(BaseConfig{.components = 8}, backwards, true);
  one->initialise_from(rows, Stream(1));
  other->initialise_from(turned, Stream(1));
  const auto mean = one->named_buffers()["mean"], turned_mean = other->named_buffers()["mean"];
  EXPECT_LT(toy::distance(mean, turned_mean.flip(1)), 1e-6);
  const auto first = one->named_buffers()["covariance"][0];
  EXPECT_NEAR((first[0][1] / first[0][0]).item<double>(), 2, 0.2);
}

TEST(BaseDensityFitTest, WordsThatAreAbsentCountForNothing) {
  const Schema both({{.name = "a"}, {.name = "k", .kind = Kind::kCategory, .size = 2}}, 1);
  worlds::Episodes rows = toy::episodes(both, 100);
  rows.value[1].fill_(1);
  rows.value[1].narrow(0, 0, 90).fill_(0);
  rows.present_BTV.narrow(0, 0, 90).select(2, 1).fill_(false);
  BaseDensity base(BaseConfig{.components = 1}, both, true);
  base->initialise_from(rows, Stream(1));
  EXPECT_GT(base->named_buffers()["log_choice"][0][1].exp().item<double>(), 0.9);
}

TEST(BaseDensityFitTest, RefusesAWorldWithoutScalars) {
  const Schema words({{.name = "k", .kind = Kind::kCategory, .size = 3}}, 1);
  const auto make = [&] { return BaseDensity(BaseConfig{.components = 2}, words, true); };
  EXPECT_THAT(make,
              testing::ThrowsMessage<Error>(testing::HasSubstr(
                  "cortex.base_density is a density of 1 to 128 scalars, and this world has 0")));
}

// With heads that have learned nothing yet: what is drawn goes together as the rows did.
TEST(BaseDensityFitTest, DrawsEachCellGivenThoseDrawnBefore) {
  const Schema pair({{.name = "a"}, {.name = "b"}}, 1);
  worlds::Episodes rows = toy::episodes(pair, 400);
  rows.value[1] = 0.8 * rows.value[0] + 0.6 * rows.value[1];
  TransformerConfig config = toy::tiny();
  config.base_density.components = 8;
  Transformer cortex(config, pair, Stream(1));
  cortex.initialise_from(rows, Stream(2));
  const auto roles = toy::roles(pair, std::vector<std::string>(2000, "hh"));
  const auto drawn = cortex.sample(toy::episodes(pair, 2000), roles, {}, Stream(3));
  const auto both = at::cat({drawn.value[0].view({1, -1}), drawn.value[1].view({1, -1})}, 0);
  EXPECT_NEAR(at::corrcoef(both)[0][1].item<double>(), 0.8, 0.06);
}

// Padding is about the first query's site, l, in what is asked about k too.
TEST(BaseDensityFitTest, EvenQuestionsAboutCategoriesOfTwoSizesGetTheAnswersOfExactOnes) {
  const Schema both({{.name = "a"},
                     {.name = "k", .kind = Kind::kCategory, .size = 3},
                     {.name = "l", .kind = Kind::kCategory, .size = 2}},
                    1);
  Transformer exact = toy::loud(toy::named(toy::kPaths[4]), both);
  Transformer even = toy::loud(toy::named(toy::kPaths[4]), both);
  even.even_out_questions();
  const auto episodes = toy::episodes(both, 2);
  const auto roles = toy::roles(both, {"o.h", "oh."});
  EXPECT_LT(toy::distance(even.log_prob(episodes, even.ask(roles, {})),
                          exact.log_prob(episodes, roles, {})),
            1e-4);
  EXPECT_LT(toy::distance(even.marginals(episodes, even.ask(roles, {})),
                          exact.marginals(episodes, roles)),
            1e-4);
}

at::Tensor row(const std::vector<double>& numbers) {
  return at::tensor(numbers, at::kDouble).unsqueeze(0);
}

// Its own Gaussians are in units of the base's, which stand beside them.
TEST(OverBaseTest, IsTheMixtureOfBothByTheGate) {
  const BasePosterior base{row({0.25, 0.75}).log(), row({1, 5}), row({0.5, 0.5}), {}};
  const double deviation = std::sqrt(0.25 + 0.25 * 9 + 0.75 * 1);  // about the mean 4
  const auto params = over_base(row({0.7, 0.2, 0.1, std::log(3.0)}), base);
  EXPECT_LT(toy::distance(params, row({0, std::log(0.75), std::log(2.25), 4 + 0.2 * deviation, 1, 5,
                                       0.1 + std::log(deviation), std::log(0.5), std::log(0.5)})),
            1e-12);
}

TEST(OverBaseTest, AChoiceIsTheMixtureOfBothByTheGate) {
  const auto logits = over_base_choice(row({1, 1, std::log(3.0)}), row({0.9, 0.1}).log());
  EXPECT_LT(toy::distance(logits.softmax(1), row({0.8, 0.2})), 1e-12);
}

}  // namespace
}  // namespace limbic::brain
