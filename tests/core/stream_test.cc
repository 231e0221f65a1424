#include "limbic/core/stream.h"

#include <ATen/ATen.h>
#include <Random123/philox.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <string>
#include <vector>

namespace limbic {
namespace {

using testing::HasSubstr;
using testing::ThrowsMessage;

double correlation(const at::Tensor& a, const at::Tensor& b) {
  const at::Tensor x = a.to(at::kDouble) - a.to(at::kDouble).mean();
  const at::Tensor y = b.to(at::kDouble) - b.to(at::kDouble).mean();
  return ((x * y).sum() / ((x * x).sum() * (y * y).sum()).sqrt()).item<double>();
}

// Random123's kat_vectors, philox4x32-10.
TEST(PhiloxTest, GivesThePublishedNumbers) {
  using Philox = r123::Philox4x32;
  const auto numbers = [](Philox::ctr_type counter, Philox::key_type key) {
    const Philox::ctr_type out = Philox{}(counter, key);
    return std::vector<uint32_t>(out.begin(), out.end());
  };
  constexpr uint32_t kAll = 0xffffffff;
  EXPECT_THAT(numbers({{0, 0, 0, 0}}, {{0, 0}}),
              testing::ElementsAre(0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8));
  EXPECT_THAT(numbers({{kAll, kAll, kAll, kAll}}, {{kAll, kAll}}),
              testing::ElementsAre(0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd));
  EXPECT_THAT(
      numbers({{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}}, {{0xa4093822, 0x299f31d0}}),
      testing::ElementsAre(0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1));
}

TEST(StreamTest, FloatsAreTheLanesOfPhilox) {
  const at::Tensor drawn = Stream(0).uniform({3});
  EXPECT_EQ(drawn[0].item<float>(), (0x6627e8d5 >> 8) * 0x1p-24F);
  EXPECT_EQ(drawn[2].item<float>(), (0xbc57ac4c >> 8) * 0x1p-24F);
}

TEST(StreamTest, StaysTheSameFromVersionToVersion) {
  const Stream stream = Stream(7).child("world").at(3);
  EXPECT_EQ(stream.bits(0), 11618222641527038818ULL);
  EXPECT_EQ(stream.bits(5), 9571556859431038239ULL);
}

TEST(StreamTest, IsAPureFunctionOfItsPath) {
  const Stream stream = Stream(1).child("a").at(2);
  EXPECT_TRUE(stream.normal({5, 3}).equal(Stream(1).child("a").at(2).normal({5, 3})));
  EXPECT_TRUE(stream.uniform({7}).equal(stream.uniform({7})));
}

TEST(StreamTest, ANumberDoesNotDependOnHowManyAreDrawn) {
  const Stream stream(3);
  EXPECT_TRUE(stream.uniform({6}).equal(stream.uniform({1001}).narrow(0, 0, 6)));
  EXPECT_TRUE(stream.normal({5}).equal(stream.normal({1001}).narrow(0, 0, 5)));
  EXPECT_TRUE(stream.below(9, {5}).equal(stream.below(9, {1001}).narrow(0, 0, 5)));
  EXPECT_EQ(stream.below(9, {10})[7].item<int64_t>(), stream.below(9, 7));
  EXPECT_EQ(stream.normal({10})[7].item<float>(), static_cast<float>(stream.normal(7)));
}

TEST(StreamTest, DifferentPathsNeverMeet) {
  const Stream root(5);
  std::set<uint64_t> seen{root.bits(0),
                          Stream(6).bits(0),
                          root.child("").bits(0),
                          root.child("a").child("b").bits(0),
                          root.child("ab").bits(0),
                          root.child("b").child("a").bits(0),
                          root.at(0).at(1).bits(0),
                          root.at(1).at(0).bits(0)};
  for (int i = -3; i < 1000; ++i) seen.insert(root.at(i).bits(0));
  for (int i = 0; i < 1000; ++i) seen.insert(root.child(std::to_string(i)).bits(0));
  EXPECT_EQ(seen.size(), 8 + 1003 + 1000);
}

TEST(StreamTest, UniformsHaveTheMomentsOfAUniform) {
  const at::Tensor drawn = Stream(11).uniform({1 << 20}).to(at::kDouble);
  EXPECT_NEAR(drawn.mean().item<double>(), 0.5, 0.0012);  // four standard errors
  EXPECT_NEAR(drawn.var().item<double>(), 1.0 / 12, 0.0004);
  EXPECT_GE(drawn.min().item<double>(), 0.0);
  EXPECT_LT(drawn.max().item<double>(), 1.0);
}

TEST(StreamTest, NormalsHaveTheMomentsOfANormal) {
  const at::Tensor drawn = Stream(12).normal({1 << 20}).to(at::kDouble);
  EXPECT_NEAR(drawn.mean().item<double>(), 0.0, 0.004);
  EXPECT_NEAR(drawn.var().item<double>(), 1.0, 0.006);
  EXPECT_NEAR(drawn.pow(3).mean().item<double>(), 0.0, 0.016);
  EXPECT_NEAR(drawn.pow(4).mean().item<double>(), 3.0, 0.04);
  EXPECT_NEAR((drawn.abs() > 3).to(at::kDouble).mean().item<double>(), 0.0027, 0.0003);
}

TEST(StreamTest, ChildrenAndNeighboursAreIndependent) {
  const Stream root(13);
  const at::Tensor a = root.child("a").normal({1 << 18});
  EXPECT_NEAR(correlation(a, root.child("b").normal({1 << 18})), 0.0, 0.008);
  EXPECT_NEAR(correlation(a, root.child("a").at(0).normal({1 << 18})), 0.0, 0.008);
  EXPECT_NEAR(correlation(a, root.child("a").uniform({1 << 18})), 0.0, 0.008);
  EXPECT_NEAR(correlation(a.slice(0, 0, -1), a.slice(0, 1)), 0.0, 0.008);
  EXPECT_NEAR(correlation(root.at(0).uniform({1 << 18}), root.at(1).uniform({1 << 18})), 0.0,
              0.008);
}

TEST(StreamTest, BelowReachesEveryNumberEquallyOften) {
  const at::Tensor count = at::bincount(Stream(14).below(6, {60000}));
  EXPECT_EQ(count.size(0), 6);
  EXPECT_LT((count - 10000).abs().max().item<int64_t>(), 400);
}

TEST(StreamTest, BelowRefusesABoundOfZero) {
  EXPECT_THAT([] { (void)Stream(1).below(0, {2}); },
              ThrowsMessage<c10::Error>(HasSubstr("a bound of at least 1, got 0")));
}

TEST(StreamTest, APermutationHoldsEveryNumberOnceAndEveryPlaceIsLikely) {
  const Stream stream(15);
  at::Tensor first = at::zeros({5}, at::kLong);
  for (int i = 0; i < 5000; ++i) {
    const at::Tensor order = stream.at(i).permutation(5);
    ASSERT_TRUE(std::get<0>(order.sort()).equal(at::arange(5)));
    first[order[0].item<int64_t>()] += 1;
  }
  EXPECT_LT((first - 1000).abs().max().item<int64_t>(), 130);
}

TEST(StreamTest, EmptyTensorsAreFine) {
  EXPECT_EQ(Stream(1).normal({0, 4}).numel(), 0);
  EXPECT_EQ(Stream(1).permutation(0).numel(), 0);
}

}  // namespace
}  // namespace limbic
