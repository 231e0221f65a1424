#include "limbic/brain/cortex/pairs.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "limbic/core/error.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;
using worlds::Kind;
using worlds::Schema;

// Numbers in the order of the schema: b, k's three, a, c.
Schema schema() {
  return Schema({{.name = "b", .scale = 8},
                 {.name = "k", .kind = Kind::kCategory, .size = 3},
                 {.name = "a", .center = 1, .scale = 2},
                 {.name = "c", .center = -1, .scale = 2}},
                1);
}

TEST(PairsTest, AreSignAndMagnitudeOfDifferencesOfWhatIsSeen) {
  const Pairs pairs(schema());
  // b = 1, a = 3 and c = 3 in their variables' units.
  const at::Tensor numbers = at::tensor({0.125F, 0.F, 1.F, 0.F, 1.F, 2.F}).view({1, 6});
  const at::Tensor sees =
      at::tensor({1.F, 1.F, 1.F, 1.F, 0.F, 1.F, 1.F, 1.F, 0.F, 0.F, 0.F, 1.F}).view({3, 4});
  const float half = std::log(0.5F + 1e-4F), same = std::log(1e-4F), sign = std::asinh(32.F) / 5;
  const float a = std::log(1 + 1e-4F), b = std::log(0.125F + 1e-4F), c = std::log(2 + 1e-4F);
  const at::Tensor expected =  // of a and b, a and c, b and c; then of a, b and c alone
      at::tensor({half, same, half, sign, 0.F, -sign, a,   b,   c,  //
                  0.F,  same, 0.F,  0.F,  0.F, 0.F,   a,   0.F, c,  //
                  0.F,  0.F,  0.F,  0.F,  0.F, 0.F,   0.F, 0.F, c})
          .view({3, 9});
  EXPECT_LT(distance(pairs->forward(numbers, sees), expected), 1e-4);
}

TEST(PairsTest, QueriesReadTheirOwnRow) {
  const Pairs pairs(schema());
  const at::Tensor numbers = Stream(1).normal({2, 6}), sees = Stream(2).uniform({6, 4}).round();
  const at::Tensor both = pairs->forward(numbers, sees);
  for (int64_t row = 0; row < 2; ++row) {
    const at::Tensor alone = pairs->forward(numbers.narrow(0, row, 1), sees.narrow(0, 3 * row, 3));
    EXPECT_EQ(distance(both.narrow(0, 3 * row, 3), alone), 0) << row;
  }
}

class ShownPairsTest : public testing::TestWithParam<int64_t> {};  // contrasts

TEST_P(ShownPairsTest, ShowACortexNothingThatIsHidden) {
  const Schema scalars = schema();
  TransformerConfig config = toy::named(toy::kPaths[3]);
  config.direct.contrasts = GetParam();
  Transformer cortex = toy::loud(config, scalars);
  const at::NoGradGuard no_grad;
  const worlds::Episodes episodes = toy::episodes(scalars, 2);
  const worlds::Episodes other = toy::moved(episodes, /*i=*/0, 0);  // b
  const worlds::Roles roles = toy::roles(scalars, {"hooh", "hoh."});
  EXPECT_EQ(distance(cortex.marginals(other, roles), cortex.marginals(episodes, roles)), 0);
  const auto change = [&](const at::Tensor& rank) {
    return (cortex.log_prob(other, roles, rank) - cortex.log_prob(episodes, roles, rank)).abs();
  };
  EXPECT_EQ(change(toy::rank(roles, {3, 0, 1, 2})).narrow(2, 1, 3).max().item<float>(), 0);
  const at::Tensor after = change(toy::rank(roles, {0, 1, 2, 3}));
  EXPECT_GT(after[0][0][3].item<float>(), 1e-4) << "c is asked after b";
  EXPECT_GT(after[1][0][2].item<float>(), 1e-4) << "a is asked after b";
}

// Without contrasts what a query reads is made by hand.
INSTANTIATE_TEST_SUITE_P(Contrasts, ShownPairsTest, testing::Values(0, 3));

TEST(PairsTest, DoNotAskInWhichOrderVariablesStand) {
  const Schema forwards = schema();
  const Schema backwards({forwards[3], forwards[2], forwards[1], forwards[0]}, 1);
  const worlds::Episodes episodes = toy::episodes(forwards, 2);
  worlds::Episodes turned = episodes;
  std::ranges::reverse(turned.value);
  const TransformerConfig config = toy::named(toy::kPaths[3]);
  const at::NoGradGuard no_grad;
  Marginals found =
      toy::loud(config, backwards).marginals(turned, toy::roles(backwards, {"hooo", "oooh"}));
  std::ranges::reverse(found);
  EXPECT_LT(
      distance(
          found,
          toy::loud(config, forwards).marginals(episodes, toy::roles(forwards, {"oooh", "hooo"}))),
      1e-4);
}

TEST(PairsTest, AreOfNoMoreScalarsThanTheyCanCompare) {
  EXPECT_EQ(Pairs(Schema({{.name = "x", .num_cells = 64}}, 1))->size(), 64 * 63 + 64);
  try {
    const Pairs pairs(Schema({{.name = "x", .num_cells = 64}, {.name = "y"}}, 1));
    FAIL() << "65 scalars";
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    EXPECT_STREQ(error.what(),
                 "direct.pairs compares at most 64 scalars with each other, and this world has 65");
  }
}

}  // namespace
}  // namespace limbic::brain
