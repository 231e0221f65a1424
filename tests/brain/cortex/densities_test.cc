#include <gtest/gtest.h>

#include <cmath>
#include <tuple>

#include "limbic/worlds/spline.h"
#include "limbic/worlds/standard_units.h"
#include "toy_cortex.h"

namespace limbic::brain {
namespace {

using toy::distance;
using toy::loud;
using worlds::Episodes;
using worlds::Roles;
using worlds::Schema;

TEST(BoundsTest, HoldAllMassAndAllDraws) {
  constexpr int64_t kSteps = 20001;
  const Schema schema({{.name = "x", .scale = 2, .low = -1, .high = 2}, {.name = "b"}}, 1);
  for (const char* const path : toy::kPaths) {
    Transformer cortex = loud(toy::named(path), schema);
    const at::NoGradGuard no_grad;
    Episodes grid = toy::episodes(schema, kSteps);
    grid.value[0].copy_(at::linspace(-1, 2, kSteps).view({-1, 1, 1}));
    grid.value[1].fill_(0.4);
    const Roles roles = toy::roles(schema, std::vector<std::string>(kSteps, "ho"));
    const auto density = cortex.log_prob(grid, roles, {}).select(2, 0).exp();
    EXPECT_NEAR(density.mean().item<double>() * 3, 1, 2e-3) << path;
    const auto drawn = cortex.sample(grid, roles, {}, Stream(3)).value[0];
    EXPECT_GE(drawn.min().item<float>(), -1);
    EXPECT_LE(drawn.max().item<float>(), 2);
    const auto marginal =
        std::get<GaussianMixture>(cortex.marginals(grid.rows(0, 1), roles.rows(0, 1))[0]);
    EXPECT_NEAR(mean(marginal).item<double>(), drawn.mean().item<double>(), 0.03) << path;
    EXPECT_NEAR(cdf(marginal, at::full({1, 1, 1}, 0.3)).item<double>(),
                drawn.le(0.3).to(at::kDouble).mean().item<double>(), 0.015)
        << path;
  }
}

TEST(BoundsTest, StandInAMarginalExactlyAsTheyWereGiven) {
  const Schema schema({{.name = "x", .center = 0.7, .scale = 0.3, .low = 0, .high = 1}}, 1);
  Transformer cortex = loud(toy::tiny(), schema);
  const Roles roles = toy::roles(schema, {"h"});
  const auto marginal =
      std::get<GaussianMixture>(cortex.marginals(toy::episodes(schema, 1), roles)[0]);
  EXPECT_EQ(marginal.low, 0);
  EXPECT_EQ(marginal.high, 1);
}

// log x, asinh((x - 1) / .5) and a spline: the density of x, its mean and its distribution function
// agree.
TEST(TransformedTest, DensitiesMeansAndDrawsAreInTheVariablesOwnUnits) {
  constexpr int64_t kSteps = 40001;
  using worlds::TransformKind;
  for (const auto& [kind, low, high] : {std::tuple{TransformKind::kLog, 1e-4, 150.0},
                                        {TransformKind::kAsinh, -150.0, 150.0},
                                        {TransformKind::kQuantile, -30.0, 60.0}}) {
    const std::vector<worlds::Knot> knots{{-1, -1.5}, {0.5, 0}, {4, 1}};
    const worlds::Transform transform{
        .kind = kind, .offset = 1, .unit = 0.5, .spline = std::make_shared<worlds::Spline>(knots)};
    const Schema schema({{.name = "x", .center = 0.3, .scale = 0.5, .transform = transform}}, 1);
    for (const char* const path : toy::kPaths) {
      Transformer cortex = loud(toy::named(path), schema);
      const at::NoGradGuard no_grad;
      Episodes grid = toy::episodes(schema, kSteps);
      // Even in f(x), so fine where x is dense.
      const auto y = at::linspace(transform(low), transform(high), kSteps, at::kDouble);
      const auto x = worlds::restored(transform, y);
      grid.value[0].copy_(x.view({-1, 1, 1}));
      const Roles roles = toy::roles(schema, std::vector<std::string>(kSteps, "h"));
      const auto density = cortex.log_prob(grid, roles, {}).flatten().to(at::kDouble).exp();
      EXPECT_NEAR(at::trapezoid(density, x).item<double>(), 1, 3e-3) << path;
      const auto marginal =
          std::get<GaussianMixture>(cortex.marginals(grid.rows(0, 1), roles.rows(0, 1))[0]);
      const double expected = at::trapezoid(density * x, x).item<double>();
      EXPECT_NEAR(mean(marginal).item<double>(), expected, 0.01 * (1 + std::abs(expected))) << path;
      const auto below = at::trapezoid(density * x.le(1.2), x).item<double>();
      EXPECT_NEAR(cdf(marginal, at::full({1, 1, 1}, 1.2)).item<double>(), below, 2e-3) << path;
      const auto drawn = cortex.sample(grid, roles, {}, Stream(3)).value[0];
      EXPECT_NEAR(drawn.le(1.2).to(at::kDouble).mean().item<double>(), below, 0.015) << path;
    }
  }
}

}  // namespace
}  // namespace limbic::brain
