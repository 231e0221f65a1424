#include "limbic/worlds/hmm.h"

#include <cmath>
#include <numeric>
#include <vector>

#include "limbic/worlds/normal.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

std::vector<int64_t> cells(int64_t begin, int64_t end) {
  std::vector<int64_t> numbers(end - begin);
  std::iota(numbers.begin(), numbers.end(), begin);
  return numbers;
}

TEST(HmmTest, GivesTheKnownFloors) {
  const Hmm world({});
  const Episodes few = draw_rows(world, 1500), many = draw_rows(world, 20000);
  expect_floor(world, many, same_roles(many, {}, cells(0, 20)), 14.516);
  expect_floor(world, few, same_roles(few, cells(10, 20), cells(0, 10)), 0.769);
  expect_floor(world, few, random_roles(few, 0.3), 7.783);
  expect_floor(world, few, random_roles(few, 0.5), 4.827);
  expect_floor(world, few, random_roles(few, 0.7), 2.509);
}

TEST(HmmTest, JointDensityIsThatByHand) {
  const Hmm world({.length = 2});
  const Episodes rows = draw_rows(world, 3);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {}, cells(0, 4)));
  for (int64_t i = 0; i < 3; ++i) {
    const auto v = [&](int64_t variable, int64_t cell) {
      return rows.value[variable][i][0][cell].item<double>();
    };
    const double due = log_normal(v(0, 0), 0, 0.5) + log_normal(v(0, 1), v(0, 0), 0.5) +
                       log_normal(v(1, 0), v(0, 0) * v(0, 0), 0.5) +
                       log_normal(v(1, 1), v(0, 1) * v(0, 1), 0.5);
    EXPECT_NEAR(log_prob[i].item<double>(), due, 1e-9);
  }
}

TEST(HmmTest, EveryConditionalIntegratesToOne) {
  const Hmm world({.length = 5});
  for (int64_t cell = 0; cell < 5; ++cell) {
    expect_sums_to_one(world, 0, cell, at::arange(-6.5, 6.5, 0.05, at::kDouble));
    expect_sums_to_one(world, 1, cell, at::arange(-4, 45, 0.2, at::kDouble));
  }
}

TEST(HmmTest, AStepThatIsKnownAtBothEndsIsABridge) {
  const Hmm world({.length = 3});
  const Episodes rows = draw_rows(world, 4);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {0, 2}, {1}));
  for (int64_t i = 0; i < 4; ++i) {
    const at::Tensor t = rows.value[0][i][0].to(at::kDouble);
    const double middle = (t[0] + t[2]).item<double>() / 2;
    EXPECT_NEAR(log_prob[i].item<double>(),
                log_normal(t[1].item<double>(), middle, 0.5 / std::sqrt(2.0)), 1e-9);
  }
}

TEST(HmmTest, CompletionsBetweenTwoKnownStepsAreABridge) {
  const Hmm world({.length = 3});
  Episodes one = draw_rows(world, 1);
  one.value[0].copy_(at::tensor({0.0F, 0.0F, 2.0F}));
  const Episodes many = repeat_rows(one, 4000);
  const Episodes sampled = world.oracle()->sample(many, same_roles(many, {0, 2}, {1}), Stream(8));
  const at::Tensor t = sampled.value[0].select(2, 1);
  EXPECT_NEAR(t.mean().item<double>(), 1, 0.023);
  EXPECT_NEAR(t.var().item<double>(), 0.125, 0.012);
}

TEST(HmmTest, CompletionsFallOnBothSidesOfZeroAndStayThere) {
  const Hmm world({.length = 2});
  Episodes one = draw_rows(world, 1);
  one.value[1].fill_(4);
  const Episodes many = repeat_rows(one, 2000);
  const Episodes sampled =
      world.oracle()->sample(many, same_roles(many, {2, 3}, {0, 1}), Stream(8));
  const at::Tensor first = sampled.value[0].select(2, 0), second = sampled.value[0].select(2, 1);
  EXPECT_NEAR(second.gt(0).to(at::kDouble).mean().item<double>(), 0.5, 0.045);
  EXPECT_GT((first * second).min().item<double>(), 1);
}

TEST(HmmTest, TruthsRankEvenlyAmongCompletions) {
  const Hmm world({});
  const Episodes rows = draw_rows(world, 100);
  expect_calibrated(world, rows, random_roles(rows, 0.5));
  expect_calibrated(world, rows, same_roles(rows, cells(10, 20), cells(0, 10)));
}

TEST(HmmTest, StandardisesItsVariables) {
  const Hmm world({});
  const Episodes rows = draw_rows(world, 20000);
  for (int64_t i = 0; i < 2; ++i) {
    EXPECT_NEAR(rows.value[i].mean().item<double>(), world.schema()[i].center, 0.03) << i;
    EXPECT_NEAR(rows.value[i].std().item<double>(), world.schema()[i].scale, 0.05) << i;
  }
}

}  // namespace
}  // namespace limbic::worlds
