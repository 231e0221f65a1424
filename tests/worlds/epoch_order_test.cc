#include "limbic/worlds/epoch_order.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <set>
#include <vector>

namespace limbic::worlds {
namespace {

std::vector<int64_t> epoch(const EpochOrder& order, int64_t size, int64_t index) {
  std::vector<int64_t> items;
  for (int64_t i = 0; i < size; ++i) items.push_back(order.item(index * size + i));
  return items;
}

TEST(EpochOrderTest, EveryItemComesOnceInEveryEpoch) {
  for (const int64_t size : {1, 2, 3, 4, 5, 16, 17, 150, 4097}) {
    const EpochOrder order(size, Stream(1));
    for (const int64_t index : {0, 1, 7}) {
      const std::vector<int64_t> items = epoch(order, size, index);
      EXPECT_EQ(std::set(items.begin(), items.end()).size(), size);
      EXPECT_THAT(items, testing::Each(testing::AllOf(testing::Ge(0), testing::Lt(size))));
    }
  }
}

TEST(EpochOrderTest, EpochsAndStreamsHaveOrdersOfTheirOwn) {
  const EpochOrder order(100, Stream(1));
  EXPECT_NE(epoch(order, 100, 0), epoch(order, 100, 1));
  EXPECT_NE(epoch(order, 100, 0), epoch(EpochOrder(100, Stream(2)), 100, 0));
  EXPECT_EQ(epoch(order, 100, 3), epoch(EpochOrder(100, Stream(1)), 100, 3));
}

TEST(EpochOrderTest, EveryItemIsAsLikelyAtEveryPlace) {
  constexpr int64_t kSize = 10, kEpochs = 10000;
  const EpochOrder order(kSize, Stream(3));
  for (const int64_t place : {0, 4, 9}) {
    std::vector<int64_t> count(kSize);
    for (int64_t i = 0; i < kEpochs; ++i) ++count[order.item(i * kSize + place)];
    EXPECT_THAT(count, testing::Each(testing::AllOf(testing::Gt(870), testing::Lt(1130))));
  }
}

TEST(EpochOrderTest, NeighboursAreUnrelated) {
  constexpr int64_t kSize = 27500;
  const std::vector<int64_t> items = epoch(EpochOrder(kSize, Stream(4)), kSize, 0);
  double product = 0;
  for (int64_t i = 1; i < kSize; ++i) {
    product += (items[i] / double{kSize} - 0.5) * (items[i - 1] / double{kSize} - 0.5);
  }
  EXPECT_NEAR(product / kSize * 12, 0.0, 0.025);
}

}  // namespace
}  // namespace limbic::worlds
