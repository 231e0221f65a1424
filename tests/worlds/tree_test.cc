#include "limbic/worlds/tree.h"

#include <cmath>

#include "limbic/worlds/normal.h"
#include "oracle_fixture.h"

namespace limbic::worlds {
namespace {

TEST(TreeTest, GivesTheKnownFloors) {
  const Tree world({});
  const Episodes few = draw_rows(world, 1500), many = draw_rows(world, 20000);
  expect_floor(world, many, same_roles(many, {}, {0, 1, 2, 3, 4, 5, 6}), 3.900);
  expect_floor(world, few, same_roles(few, {3, 4, 5, 6}, {0, 1, 2}), 1.999);
  expect_floor(world, few, random_roles(few, 0.3), 2.106);
  expect_floor(world, few, random_roles(few, 0.5), 1.241);
  expect_floor(world, few, random_roles(few, 0.7), 0.641);
}

TEST(TreeTest, JointDensityIsThatByHand) {
  const Tree world({});
  const Episodes rows = draw_rows(world, 3);
  const at::Tensor log_prob =
      world.oracle()->log_prob(rows, same_roles(rows, {}, {0, 1, 2, 3, 4, 5, 6}));
  for (int64_t i = 0; i < 3; ++i) {
    const auto v = [&](int64_t variable) { return rows.value[variable][i].item<double>(); };
    const double sine = std::sin(v(1)), cosine = std::cos(v(2));
    const double due =
        log_normal(v(0), 0, 1) + log_normal(v(1), v(0), 1) + log_normal(v(2), v(0), 1) +
        log_normal(v(3), sine * sine, 0.2) + log_normal(v(4), 0.1 * v(1) * v(1), 0.2) +
        log_normal(v(5), 0.1 * v(2) * v(2), 0.6) + log_normal(v(6), cosine * cosine, 0.1);
    EXPECT_NEAR(log_prob[i].item<double>(), due, 1e-9);
  }
}

TEST(TreeTest, EveryConditionalIntegratesToOne) {
  const Tree world({});
  for (int64_t variable = 0; variable < 7; ++variable)
    expect_sums_to_one(world, variable, 0, at::arange(-6, 8, 0.06, at::kDouble));
}

TEST(TreeTest, EvidenceOfACousinReachesThroughTheRoot) {
  const Tree world({});
  const Episodes rows = draw_rows(world, 4);
  const at::Tensor log_prob = world.oracle()->log_prob(rows, same_roles(rows, {2}, {1}));
  for (int64_t i = 0; i < 4; ++i) {
    const double t2 = rows.value[1][i].item<double>(), t3 = rows.value[2][i].item<double>();
    EXPECT_NEAR(log_prob[i].item<double>(), log_normal(t2, t3 / 2, std::sqrt(1.5)), 1e-9);
  }
}

TEST(TreeTest, CompletionsBranchFromOneRoot) {
  const Tree world({});
  Episodes one = draw_rows(world, 1);
  one.value[1].fill_(1);
  one.value[5].fill_(2.5);
  const Episodes many = repeat_rows(one, 4000);
  const auto mean = [](const at::Tensor& x) { return x.mean().item<double>(); };
  for (const bool knows_t2 : {true, false}) {
    const Roles roles = knows_t2 ? same_roles(many, {1}, {0, 2}) : same_roles(many, {5}, {0, 1, 2});
    const Episodes sampled = world.oracle()->sample(many, roles, Stream(8));
    const at::Tensor t1 = sampled.value[0], t2 = sampled.value[1], t3 = sampled.value[2];
    const at::Tensor apart = knows_t2 ? t3 - t2 / 2 : t2 - t3 / 2;
    EXPECT_NEAR(mean(apart * (knows_t2 ? t2 : t3)), 0, 0.12) << knows_t2;
    EXPECT_NEAR(mean(apart.square()), 1.5, 0.13) << knows_t2;
    EXPECT_NEAR(mean((t1 - (t2 + t3) / 3) * (t2 + t3)), 0, 0.12) << knows_t2;
    EXPECT_NEAR(mean((t1 - (t2 + t3) / 3).square()), 1.0 / 3, 0.03) << knows_t2;
  }
}

TEST(TreeTest, TruthsRankEvenlyAmongCompletions) {
  const Tree world({});
  const Episodes rows = draw_rows(world, 250);
  expect_calibrated(world, rows, random_roles(rows, 0.5));
  expect_calibrated(world, rows, same_roles(rows, {3, 4, 5, 6}, {0, 1, 2}));
}

TEST(TreeTest, StandardisesItsVariables) {
  const Tree world({});
  const Episodes rows = draw_rows(world, 20000);
  for (int64_t i = 0; i < world.schema().size(); ++i) {
    EXPECT_NEAR(rows.value[i].mean().item<double>(), world.schema()[i].center, 0.03) << i;
    EXPECT_NEAR(rows.value[i].std().item<double>(), world.schema()[i].scale, 0.03) << i;
  }
}

}  // namespace
}  // namespace limbic::worlds
