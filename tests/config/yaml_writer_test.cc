#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/config/node.h"

namespace limbic::config {
namespace {

std::string written(std::string_view text) { return to_yaml(parse_yaml(text, "a.yaml")); }
std::string word(const std::string& text) { return to_flow_yaml(Node::word(text)); }

TEST(YamlWriterTest, WritesBlocksWithShortListsOnOneLine) {
  const std::string text =
      "seed: 1\n"
      "brain:\n"
      "  cortex:\n"
      "    type: gaussian\n"
      "    sizes: [1, 2, 3]\n"
      "  none: null\n"
      "  empty: {}\n"
      "stages:\n"
      "  - stage: see\n"
      "    train: [cortex]\n"
      "  - stage: fear\n"
      "    train: []\n"
      "  - [1]\n";
  EXPECT_EQ(written(text), text);
  EXPECT_EQ(written("a: [[1, [2, 3]], {b: c}]"), "a:\n  - - 1\n    - [2, 3]\n  - b: c\n");
}

TEST(YamlWriterTest, QuotesOnlyWhatWouldChange) {
  for (const char* plain : {"abc", "a b", "cortex*0.1", "mean(1 - retina)", "-1.0 * flinch",
                            "looming > 0.05 and dark > 0.5", "it's", "a:b", "eval/x.auroc", "1 - x",
                            "28x28 grid", "\u00e9t\u00e9", "a#b", "..x"}) {
    EXPECT_EQ(word(plain), plain);
  }
  EXPECT_EQ(word(""), "''");
  for (const char* other :
       {"true", "No",    "y",    "ON",    "1",    "-2.5",  ".5",         "1e-5", "0x10",
        "010",  "1_000", ".inf", "-.INF", ".nan", "12:30", "2024-01-01", "null", "~",
        "Null", "-",     "- a",  "? a",   "a: b", "a:",    "a #b",       "#a",   "[a",
        "{a",   "*a",    "&a",   "!a",    "%a",   "@a",    "`a",         "|",    ">",
        "\"a",  "--- a", "...",  " a",    "a ",   ",a",    "<<",         "="}) {
    EXPECT_EQ(word(other), "'" + std::string(other) + "'");
  }
  EXPECT_EQ(word("'a"), "'''a'");
  EXPECT_EQ(word("a\nb"), R"("a\nb")");
  EXPECT_EQ(word("a\tb\x01\"\\"), R"("a\x09b\x01\"\\")");
}

TEST(YamlWriterTest, QuotesInsideBracketsWhatBracketsWouldCut) {
  EXPECT_EQ(to_flow_yaml(Node::sequence({Node::word("a, b"), Node::word("c]"), Node::word("d")})),
            "['a, b', 'c]', d]");
  EXPECT_EQ(to_flow_yaml(parse_yaml("{a: {b: 'x:y'}}", "")), "{a: {b: 'x:y'}}");
}

TEST(YamlWriterTest, EveryTextComesBack) {
  const std::string_view alphabet = "a1 :#-?,[]{}&*!|>'\"%@`\\~\n\t.=<_\x01\x7f";
  for (const char a : alphabet) {
    for (const char b : alphabet) {
      for (const char c : alphabet) {
        const std::string text{a, b, c};
        const Node word = Node::word(text);
        const Node tree = Node::map({{text, {}, word}, {"list", {}, Node::sequence({word, word})}});
        ASSERT_EQ(parse_yaml(to_yaml(tree), "a.yaml"), tree) << to_yaml(tree);
        ASSERT_EQ(parse_yaml(to_flow_yaml(tree), "a.yaml"), tree) << to_flow_yaml(tree);
      }
    }
  }
}

TEST(YamlWriterTest, EveryTreeComesBack) {
  for (const char* text : {"null", "a", "[]", "{}", "[[], {}]", "- - a\n  - b: c\n    d: [e]\n",
                           "a: [{b: 1}, [{c: [1, {d: 2}]}]]", "a: |\n  two\n  lines\n"}) {
    const Node tree = parse_yaml(text, "a.yaml");
    EXPECT_EQ(parse_yaml(to_yaml(tree), "a.yaml"), tree) << to_yaml(tree);
    EXPECT_EQ(parse_yaml(to_flow_yaml(tree), "a.yaml"), tree) << to_flow_yaml(tree);
  }
}

TEST(YamlWriterTest, LongListsAreWrittenDown) {
  std::string list = "[";
  for (int i = 0; i < 60; ++i) list += "x1, ";
  EXPECT_TRUE(written("a: " + list + "x]").starts_with("a:\n  - x1\n  - x1\n"));
}

TEST(HashOfTest, NamesTheContentNotItsPlaceOrQuotes) {
  const Node a = parse_yaml("a: 1\nb: x\n", "a.yaml");
  EXPECT_EQ(hash_of(a), hash_of(parse_yaml("{a: 1, b: 'x'}", "b.yaml")));
  EXPECT_NE(hash_of(a), hash_of(parse_yaml("{a: 2, b: x}", "b.yaml")));
  EXPECT_NE(hash_of(a), hash_of(parse_yaml("{a: '1', b: x}", "b.yaml")));
  EXPECT_EQ(hash_of(a), "f928a1abce999d08c0af3b4e9c89e811");
}

}  // namespace
}  // namespace limbic::config
