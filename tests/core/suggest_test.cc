#include "limbic/core/suggest.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace limbic {
namespace {

TEST(EditDistanceTest, CountsInsertionsDeletionsReplacementsAndSwaps) {
  EXPECT_EQ(edit_distance("decay", "decay"), 0);
  EXPECT_EQ(edit_distance("decoy", "decay"), 1);
  EXPECT_EQ(edit_distance("deay", "decay"), 1);
  EXPECT_EQ(edit_distance("deccay", "decay"), 1);
  EXPECT_EQ(edit_distance("dceay", "decay"), 1);
  EXPECT_EQ(edit_distance("", "abc"), 3);
  EXPECT_EQ(edit_distance("abc", ""), 3);
}

TEST(NearestWordTest, IsTheOneWithTheFewestEdits) {
  EXPECT_EQ(nearest_word("learnig_rate", {"weight_decay", "learning_rate"}), "learning_rate");
  EXPECT_EQ(nearest_word("Learning-Rate", {"learning_rates", "learning_rate"}), "learning_rate");
}

TEST(NearestWordTest, IsTheFirstOfEquals) {
  EXPECT_EQ(nearest_word("decays", {"decayx", "decayy"}), "decayx");
}

TEST(NearestWordTest, IsNoneWhereMoreThanAThirdDiffers) {
  EXPECT_EQ(nearest_word("xyz", {"decay", "rate"}), std::nullopt);
  EXPECT_EQ(nearest_word("ab", {"abc"}), "abc");
  EXPECT_EQ(nearest_word("ab", {"ac"}), std::nullopt);
  EXPECT_EQ(nearest_word(std::string(1000, 'a'), {"aa"}), std::nullopt);
  EXPECT_EQ(nearest_word("a", {}), std::nullopt);
}

TEST(DidYouMeanTest, NamesTheNearestElseAShortListElseNothing) {
  EXPECT_EQ(did_you_mean("decoy", {"decay", "rate"}), "; did you mean 'decay'?");
  EXPECT_EQ(did_you_mean("zzz", {"decay", "rate"}), "; known: decay, rate");
  EXPECT_EQ(did_you_mean("zzz", {}), "");
  const std::string long_name(129, 'x');
  EXPECT_EQ(did_you_mean("zzz", {long_name}), "");
}

TEST(DidYouMeanTest, ListsNamesThatHoldACommaInQuotes) {
  EXPECT_EQ(did_you_mean("zzz", {"age", "income, yearly", "city"}),
            "; known: age, 'income, yearly', city");
}

TEST(DidYouMeanTest, TakesStringsAsTheyAre) {
  EXPECT_EQ(did_you_mean("decoy", std::vector<std::string>{"rate", "decay"}),
            "; did you mean 'decay'?");
  EXPECT_EQ(did_you_mean("zzz", std::vector<std::string>{}), "");
}

TEST(QuotedTest, KeepsAMessageOnOneShortLine) {
  EXPECT_EQ(quoted("abc"), "'abc'");
  EXPECT_EQ(quoted("a\nb\tc\x01"), R"('a\nb\tc\x01')");
  EXPECT_EQ(quoted(std::string(61, 'a')), "'" + std::string(60, 'a') + "...'");
  EXPECT_EQ(quoted(std::string(60, 'a')), "'" + std::string(60, 'a') + "'");
}

TEST(QuotedTest, CutsBetweenCharacters) {
  EXPECT_EQ(quoted(std::string(59, 'a') + "\u00e9bc"), "'" + std::string(59, 'a') + "...'");
  EXPECT_EQ(quoted(std::string(58, 'a') + "\u00e9bc"), "'" + std::string(58, 'a') + "\u00e9...'");
}

TEST(QuotedTest, CutsBytesThatAreNoCharactersToo) {
  EXPECT_EQ(quoted(std::string(100, '\x80')), "'...'");
}

}  // namespace
}  // namespace limbic
