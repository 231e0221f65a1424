#include "limbic/worlds/retina.h"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <map>
#include <span>

namespace limbic::worlds {
namespace {

at::Tensor movies(Movie movie, int64_t count, const Stream& stream) {
  at::Tensor retina_BTP = at::empty({count, kRetinaTicks, kRetinaSize});
  for (int64_t i = 0; i < count; ++i) {
    const std::span<float, kRetinaTicks * kRetinaSize> out(retina_BTP[i].mutable_data_ptr<float>(),
                                                           kRetinaTicks * kRetinaSize);
    paint_retina(movie, stream.at(i), out);
  }
  return retina_BTP;
}

at::Tensor dark(const at::Tensor& retina_BTP) { return (1 - retina_BTP).mean(-1); }

TEST(RetinaTest, IsAPureFunctionOfItsStreamAndStaysWithinBounds) {
  for (const Movie movie : {Movie::kThreat, Movie::kLargeDark, Movie::kBrightGrows}) {
    const at::Tensor retina_BTP = movies(movie, 50, Stream(1));
    EXPECT_TRUE(retina_BTP.equal(movies(movie, 50, Stream(1))));
    EXPECT_GE(retina_BTP.min().item<float>(), 0.F);
    EXPECT_LE(retina_BTP.max().item<float>(), 1.F);
  }
}

TEST(RetinaTest, ThreatsAreSmallAtFirstAndGrowAtEveryTick) {
  const at::Tensor dark_BT = dark(movies(Movie::kThreat, 500, Stream(2)));
  const at::Tensor mean_T = dark_BT.mean(0);
  for (int64_t t = 1; t < kRetinaTicks; ++t) {
    EXPECT_GT((mean_T[t] - mean_T[t - 1]).item<float>(), 0.01F);
  }
  const at::Tensor large = dark(movies(Movie::kLargeDark, 500, Stream(2))).mean();
  EXPECT_LT(mean_T[0].item<float>(), large.item<float>() - 0.1F);
}

TEST(RetinaTest, EachDistractorSharesOnePropertyWithThreats) {
  const auto mean_dark = [](Movie movie, int64_t tick) {
    return dark(movies(movie, 500, Stream(3))).select(1, tick).mean().item<float>();
  };
  EXPECT_GT(mean_dark(Movie::kBrightShrinks, 3) - mean_dark(Movie::kBrightShrinks, 2), 0.025F);
  EXPECT_LT(mean_dark(Movie::kBrightShrinks, 3), 0.49F);
  EXPECT_LT(mean_dark(Movie::kBrightGrows, 3), 0.45F);
  EXPECT_GT(mean_dark(Movie::kLargeDark, 3), mean_dark(Movie::kThreat, 3));
  for (const Movie movie : {Movie::kDarkStays, Movie::kDarkDrifts, Movie::kLargeDark}) {
    EXPECT_GT(mean_dark(movie, 3), 0.53F);
    EXPECT_NEAR(mean_dark(movie, 3) - mean_dark(movie, 2), 0.F, 0.004F);
  }
  EXPECT_LT(mean_dark(Movie::kDarkShrinks, 3), mean_dark(Movie::kDarkShrinks, 0) - 0.1F);
}

TEST(RetinaTest, ADriftingBlobMoves) {
  const auto change = [](Movie movie) {
    const at::Tensor retina_BTP = movies(movie, 200, Stream(4));
    return (retina_BTP.select(1, 3) - retina_BTP.select(1, 0)).abs().mean().item<float>();
  };
  EXPECT_GT(change(Movie::kDarkDrifts), 2 * change(Movie::kDarkStays));
}

TEST(RetinaTest, DistractorsAreBrightHalfOfTheTime) {
  std::map<Movie, int> count;
  for (int64_t i = 0; i < 8000; ++i) ++count[draw_distractor(Stream(5).at(i))];
  EXPECT_EQ(count.count(Movie::kThreat), 0);
  EXPECT_NEAR(count[Movie::kBrightGrows], 2000, 160);
  EXPECT_NEAR(count[Movie::kBrightShrinks], 2000, 160);
  for (const Movie movie :
       {Movie::kDarkDrifts, Movie::kDarkStays, Movie::kDarkShrinks, Movie::kLargeDark}) {
    EXPECT_NEAR(count[movie], 1000, 120);
  }
}

}  // namespace
}  // namespace limbic::worlds
