#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "limbic/worlds/selection.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;
using toy::loud;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

// Two categories a (3) and b (2), and a scalar s that is observed.
class JointTest : public testing::TestWithParam<const char*> {
 protected:
  using Kind = worlds::Kind;
  JointTest() {
    for (int64_t i = 0; i < 6; ++i) {
      all_.value[0][i].fill_(i / 2);
      all_.value[1][i].fill_(i % 2);
      all_.value[2][i].fill_(0.4);
    }
    all_.present_BTV.fill_(true);
  }
  [[nodiscard]] Roles roles(int64_t rows) const {
    return toy::roles(schema_, std::vector<std::string>(rows, "hho"));
  }
  // Of the six values, if a comes first or b does.
  at::Tensor log_prob(bool a_first) {
    const auto given = roles(6);
    return cortex_.log_prob(all_, given, toy::rank(given, {a_first ? 0 : 9, 5, 7}))
        .sum(2)
        .squeeze(1);
  }

  Schema schema_{{{.name = "a", .kind = Kind::kCategory, .size = 3},
                  {.name = "b", .kind = Kind::kCategory, .size = 2},
                  {.name = "s"}},
                 1};
  Transformer cortex_ = loud(toy::named(GetParam()), schema_);
  Episodes all_ = worlds::empty_episodes(schema_, 6);
  at::NoGradGuard no_grad_;
};

TEST_P(JointTest, ProbabilitiesOfAllValuesSumToOneInEachOrder) {
  for (const bool a_first : {true, false}) {
    EXPECT_NEAR(log_prob(a_first).exp().sum().item<double>(), 1, 1e-5) << a_first;
  }
  EXPECT_GT(distance(log_prob(true), log_prob(false)), 0.01) << "untaught, orders disagree";
}

TEST_P(JointTest, SamplesHaveTheProbabilitiesOfTheirOrders) {
  constexpr int64_t kDraws = 12000;
  const Episodes start = worlds::repeat_rows(all_.rows(0, 1), kDraws);
  const Episodes drawn = cortex_.sample(start, roles(kDraws), {}, Stream(8));
  const auto index = (drawn.value[0] * 2 + drawn.value[1]).flatten();
  const auto count = at::bincount(index, {}, 6).to(at::kDouble);
  const auto expected = kDraws * (log_prob(true).exp() + log_prob(false).exp()).to(at::kDouble) / 2;
  const double chi_square = ((count - expected).square() / expected).sum().item<double>();
  EXPECT_LT(chi_square, 20.5) << count << expected;  // 5 degrees of freedom: p = 0.001

  const auto a = expected.view({3, 2}).sum(1), b = expected.view({3, 2}).sum(0);
  const auto apart = at::outer(a, b).flatten() / kDraws;
  EXPECT_GT(((count - apart).square() / apart).sum().item<double>(), 40) << "else nothing is shown";
}

TEST_P(JointTest, SamplesOfAGivenOrderHaveItsProbabilities) {
  constexpr int64_t kDraws = 6000;
  const Episodes start = worlds::repeat_rows(all_.rows(0, 1), kDraws);
  for (const bool a_first : {true, false}) {
    const auto rank = toy::rank(roles(kDraws), {a_first ? 0 : 9, 5, 7});
    const Episodes drawn = cortex_.sample(start, roles(kDraws), {1.0, rank}, Stream(8));
    const auto count =
        at::bincount((drawn.value[0] * 2 + drawn.value[1]).flatten(), {}, 6).to(at::kDouble);
    const auto chi_square = [&](bool first) {
      const auto expected = kDraws * log_prob(first).exp().to(at::kDouble);
      return ((count - expected).square() / expected).sum().item<double>();
    };
    EXPECT_LT(chi_square(a_first), 20.5);  // 5 degrees of freedom: p = 0.001
    EXPECT_GT(chi_square(!a_first), 40) << "else nothing is shown";
  }
}

TEST_P(JointTest, WithoutARankTheOrderIsThatOfTheStream) {
  const Episodes start = worlds::repeat_rows(all_.rows(0, 1), 50);
  const auto rank = worlds::random_order(roles(50).asked_BTV, Stream(3).child("order"));
  const Episodes own = cortex_.sample(start, roles(50), {}, Stream(3));
  const Episodes given = cortex_.sample(start, roles(50), {1.0, rank}, Stream(3));
  for (const int64_t i : {0, 1}) EXPECT_TRUE(own.value[i].equal(given.value[i]));
}

TEST_P(JointTest, SamplingIsAFunctionOfTheStream) {
  const Episodes start = worlds::repeat_rows(all_.rows(0, 1), 50);
  const auto draw = [&](int64_t seed, double temperature) {
    const Episodes drawn = cortex_.sample(start, roles(50), {temperature}, Stream(seed));
    return drawn.value[0] * 2 + drawn.value[1];
  };
  EXPECT_TRUE(draw(1, 1).equal(draw(1, 1)));
  EXPECT_FALSE(draw(1, 1).equal(draw(2, 1)));
  EXPECT_LE(std::get<0>(at::_unique(draw(1, 0))).numel(), 2) << "one value for each order";
}

class SampleTest : public testing::TestWithParam<const char*> {
 protected:
  Schema schema_ = toy::schema(2);
  Transformer cortex_ = loud(toy::named(GetParam()), schema_);
  Episodes episodes_ = toy::episodes(schema_, 3);
  // Rows of different counts, an absent cell among them.
  Roles roles_ = toy::roles(
      schema_, {"h hh oh .. | o .. h. ..", "o h. .o .. | h .. oo ..", "h hh hh .. | h .. hh .."});
  at::NoGradGuard no_grad_;
};

INSTANTIATE_TEST_SUITE_P(Paths, JointTest, testing::ValuesIn(toy::kPaths));
INSTANTIATE_TEST_SUITE_P(Paths, SampleTest, testing::ValuesIn(toy::kPaths));

TEST_P(SampleTest, FillsHiddenAskedCellsAndTouchesNoOther) {
  Episodes start = episodes_;
  start.present_BTV = roles_.observed_BTV.clone();
  const auto kept = start.value;
  Roles with_echo = roles_;
  with_echo.asked_BTV = roles_.asked_BTV.logical_or(roles_.observed_BTV);
  const Episodes drawn = cortex_.sample(start, with_echo, {}, Stream(4));
  EXPECT_TRUE(drawn.present_BTV.equal(with_echo.asked_BTV));
  for (const int64_t i : {toy::kX, toy::kC, toy::kV}) {
    const auto asked = roles_.asked_BTV.narrow(1, 0, schema_[i].num_ticks)
                           .narrow(2, schema_.offset(i), schema_[i].num_cells);
    const auto same = drawn.value[i] == episodes_.value[i];
    const auto cell_same = schema_[i].kind == worlds::Kind::kVector ? same.all(-1) : same;
    EXPECT_TRUE(cell_same.logical_or(asked).all().item<bool>()) << i;
    if (i == toy::kC) continue;  // a category may well be drawn as it was
    EXPECT_FALSE(cell_same.logical_and(asked).any().item<bool>()) << i;
  }
  for (const int64_t i : {toy::kEye, toy::kLabel}) {
    EXPECT_TRUE(drawn.value[i].equal(episodes_.value[i]));
  }
  for (size_t i = 0; i < kept.size(); ++i) EXPECT_TRUE(kept[i].equal(episodes_.value[i]));
}

TEST_P(SampleTest, HiddenValuesAndWhoseTheyAreDoNotMatter) {
  const Episodes other = toy::moved(toy::moved(episodes_, toy::kX, 0, 0, 0), toy::kV, 1, 0, 0);
  const auto draw = [&](const Episodes& e) { return cortex_.sample(e, roles_, {}, Stream(4)); };
  const Episodes a = draw(episodes_), b = draw(other);
  for (size_t i = 0; i < a.value.size(); ++i) EXPECT_TRUE(a.value[i].equal(b.value[i])) << i;
}

// The cache holds what one pass over the whole order makes: at temperature 0 no other category is
// likelier under log_prob given what was drawn before it.
TEST_P(SampleTest, AtTemperatureZeroEachDrawIsTheLikeliestGivenThoseBefore) {
  const Stream stream(6);
  const Episodes drawn = cortex_.sample(episodes_, roles_, {.temperature = 0}, stream);
  const auto rank = worlds::random_order(roles_.asked_BTV, stream.child("order"));
  const auto own = cortex_.log_prob(drawn, roles_, rank);
  for (const int64_t cell : {0, 1}) {
    auto changed = drawn;
    for (int64_t other = 1; other < 3; ++other) {
      changed = toy::moved(changed, toy::kC, cell);
      const auto rival = cortex_.log_prob(changed, roles_, rank);
      const auto better = (rival - own).select(2, 1 + cell).select(1, 0);
      EXPECT_LE(better.max().item<float>(), 0) << cell;
    }
  }
}

TEST_P(SampleTest, ASingleHiddenScalarHasTheMomentsOfItsMarginal) {
  constexpr int64_t kDraws = 20000;
  const Schema schema = toy::schema(1);
  Transformer cortex = loud(toy::named(GetParam()), schema);
  const Episodes one = toy::episodes(schema, 1);
  const Roles roles = toy::roles(schema, {"h oo o. .."});
  const auto many = [&](const at::Tensor& mask) {
    return mask.expand({kDraws, -1, -1}).contiguous();
  };
  const Episodes drawn =
      cortex.sample(worlds::repeat_rows(one, kDraws),
                    {many(roles.observed_BTV), many(roles.asked_BTV)}, {}, Stream(5));
  const auto m = std::get<GaussianMixture>(cortex.marginals(one, roles)[toy::kX]);
  const auto weight = m.logits.flatten().softmax(0), mean = m.mean.flatten(),
             scale = m.scale.flatten();
  const double first = weight.dot(mean).item<double>();
  const double second = weight.dot(mean.square() + scale.square()).item<double>() - first * first;
  const auto x = drawn.value[toy::kX].flatten();
  EXPECT_NEAR(x.mean().item<double>(), first, 4 * std::sqrt(second / kDraws));
  EXPECT_NEAR(x.var().item<double>() / second, 1, 0.06);
}

}  // namespace
}  // namespace limbic::brain
