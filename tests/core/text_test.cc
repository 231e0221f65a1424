#include "limbic/core/text.h"

#include <gtest/gtest.h>

namespace limbic {
namespace {

TEST(TrimmedTest, LeavesWhatLiesBetweenSpaces) {
  EXPECT_EQ(trimmed(" \ta b\r\n"), "a b");
  EXPECT_EQ(trimmed("ab"), "ab");
  EXPECT_EQ(trimmed(" \n"), "");
  EXPECT_EQ(trimmed(""), "");
}

TEST(CountedTest, OneAloneIsSingular) {
  EXPECT_EQ(counted(0, "cell"), "0 cells");
  EXPECT_EQ(counted(1, "cell"), "1 cell");
  EXPECT_EQ(counted(2, "cell"), "2 cells");
}

TEST(HexTest, IsTwoDigitsOfAnyByte) {
  EXPECT_EQ(hex(0x0a), "0a");
  EXPECT_EQ(hex(0xff), "ff");
}

}  // namespace
}  // namespace limbic
