#include "limbic/core/glob.h"

#include <gtest/gtest.h>

#include <string>

namespace limbic {
namespace {

TEST(GlobTest, StarIsAnyTextAndQuestionMarkOneCharacter) {
  EXPECT_TRUE(matches_glob("amygdala.*", "amygdala.flinch"));
  EXPECT_TRUE(matches_glob("*", ""));
  EXPECT_TRUE(matches_glob("a*b*c", "axxbyybzc"));
  EXPECT_TRUE(matches_glob("ab?", "abc"));
  EXPECT_FALSE(matches_glob("ab?", "ab"));
  EXPECT_FALSE(matches_glob("a*b*c", "axxbyybz"));
  EXPECT_FALSE(matches_glob("cortex", "cortex2"));
  EXPECT_FALSE(matches_glob("", "x"));
}

TEST(GlobTest, AQuestionMarkIsACharacterOfAnyNumberOfBytes) {
  EXPECT_TRUE(matches_glob("caf?", "cafe"));
  EXPECT_TRUE(matches_glob("caf?", "café"));
  EXPECT_FALSE(matches_glob("caf??", "café"));
  EXPECT_TRUE(matches_glob("?t?", "été"));
  EXPECT_TRUE(matches_glob("*?f?", "café"));
  EXPECT_TRUE(matches_glob("?", "€"));
  EXPECT_FALSE(matches_glob("*??", "€"));
}

TEST(GlobTest, ManyStarsDoNotTakeExponentialTime) {
  EXPECT_FALSE(matches_glob("*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", std::string(500, 'a')));
}

}  // namespace
}  // namespace limbic
