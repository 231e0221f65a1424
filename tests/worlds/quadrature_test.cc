#include "limbic/worlds/quadrature.h"

#include <gtest/gtest.h>

#include <array>
#include <cmath>

namespace limbic::worlds {
namespace {

TEST(PanelsTest, DrawFollowsTheDensityWithoutIntegratingAnew) {
  constexpr int64_t kDraws = 2000;
  int64_t num_calls = 0;
  const auto log_density = [&](double x) {
    ++num_calls;
    return std::log(x);
  };
  const Panels panels(log_density, std::array{0.0, 0.5, 1.0});
  EXPECT_EQ(num_calls, 2 * 8);
  double sum = 0;
  for (int64_t i = 0; i < kDraws; ++i) sum += panels.draw(log_density, Stream(1).at(i));
  EXPECT_LT(num_calls, 16 + 3 * kDraws);  // 2.4 proposals a draw
  // 2 x on [0, 1] has mean 2 / 3 and variance 1 / 18.
  EXPECT_NEAR(sum / kDraws, 2.0 / 3, 4 / std::sqrt(18.0 * kDraws));
}

TEST(LineTest, ASamplerDrawsWhatTheLineDraws) {
  const Line line{[](double x) { return -x * x; }, {-4, -1, 0, 2, 4}};
  const LineSampler sampler = line.sampler();
  for (int64_t i = 0; i < 20; ++i) EXPECT_EQ(sampler(Stream(1).at(i)), line.draw(Stream(1).at(i)));
}

}  // namespace
}  // namespace limbic::worlds
