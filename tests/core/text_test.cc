#include "limbic/core/text.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace limbic {
namespace {

using testing::ElementsAre;

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

TEST(WrappedTest, BreaksBetweenWordsAndNeverInOne) {
  EXPECT_THAT(wrapped("to be or not", 5), ElementsAre("to be", "or", "not"));
  EXPECT_THAT(wrapped(" longest  of", 4), ElementsAre("longest", "of"));
  EXPECT_THAT(wrapped("", 4), ElementsAre(""));
}

TEST(FirstRepeatedTest, IsTheFirstThatWasThereBefore) {
  EXPECT_EQ(first_repeated({"a", "b", "b", "a"}), "b");
  EXPECT_EQ(first_repeated({"a", "b"}), std::nullopt);
}

TEST(BetweenCommasTest, ATextThatIsANameStaysWhole) {
  const auto is_name = [](const std::string& text) { return text == "a,b"; };
  EXPECT_THAT(between_commas({"a,b", "c, d", "e"}, is_name), ElementsAre("a,b", "c", "d", "e"));
  EXPECT_THAT(between_commas({"c,"}, is_name), ElementsAre("c", "")) << "which nothing is called";
}

TEST(ShellWordTest, IsInQuotesWhereAShellWouldReadMoreThanLetters) {
  EXPECT_EQ(shell_word("runs/a_b-1.0"), "runs/a_b-1.0");
  EXPECT_EQ(shell_word("my run"), "'my run'");
  EXPECT_EQ(shell_word("it's"), "'it'\\''s'");
  EXPECT_EQ(shell_word(""), "''");
}

}  // namespace
}  // namespace limbic
