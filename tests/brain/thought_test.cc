#include "limbic/brain/thought.h"

#include <gtest/gtest.h>

namespace limbic::brain {
namespace {

TEST(ThoughtMapTest, OfAnOpaqueThoughtOnlyPlacesAreKnown) {
  const ThoughtMap map = opaque_thought(2);
  ASSERT_EQ(map.size(), 2);
  EXPECT_EQ(map.features[1].name, "thought[1]");
  EXPECT_EQ(map.features[1].about, ThoughtMap::About::kOpaque);
  EXPECT_EQ(map.features[1].variable, -1);
  EXPECT_EQ(opaque_thought(0).size(), 0);
}

}  // namespace
}  // namespace limbic::brain
