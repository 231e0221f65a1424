#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "limbic/config/node.h"
#include "limbic/config/problems.h"

namespace limbic::config {
namespace {

using testing::HasSubstr;
using testing::StartsWith;
using testing::ThrowsMessage;

/// What is wrong with a text; "" if nothing.
std::string mistakes(std::string_view text) {
  try {
    parse_yaml(text, "a.yaml");
  } catch (const ConfigError& error) {
    EXPECT_EQ(error.code(), ExitCode::kInput);
    return error.what();
  }
  return "";
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  for (int i = 0; i < times; ++i) result += text;
  return result;
}

TEST(YamlParserTest, KeepsPlacesOrderAndQuotes) {
  const Node root = parse_yaml("b: 1\na:\n  - 'x'\n  - {c: null, d: }\n", "a.yaml");
  ASSERT_EQ(root.entries.size(), 2);
  EXPECT_EQ(root.entries[0].key, "b");
  EXPECT_EQ(root.entries[1].key_mark.text(), "a.yaml:2:1");
  const Node& list = *root.find("a");
  EXPECT_EQ(list.mark.text(), "a.yaml:3:3");
  EXPECT_TRUE(list.items[0].quoted);
  EXPECT_EQ(list.items[0].mark.text(), "a.yaml:3:5");
  EXPECT_EQ(list.items[1].find("c")->kind, Node::Kind::kNull);
  EXPECT_EQ(list.items[1].find("d")->mark.text(), "a.yaml:4:15");
  EXPECT_EQ(root.find("c"), nullptr);
}

TEST(YamlParserTest, ACharacterOfAScalarHasAPlaceOfItsOwn) {
  const Node root = parse_yaml(
      "a: one two\nb: 'it''s two'\nc: one\n   two\nd: >-\n  one\n\n  two\ne: \"\\x41 two\"\n",
      "a.yaml");
  const auto place_of_two = [&](const char* key) {
    const Node& scalar = *root.find(key);
    return scalar.mark.of_character(scalar.text, scalar.text.find("two")).text();
  };
  EXPECT_EQ(place_of_two("a"), "a.yaml:1:8");
  EXPECT_EQ(place_of_two("b"), "a.yaml:2:11") << "one quote stands for two";
  EXPECT_EQ(place_of_two("c"), "a.yaml:4:4");
  EXPECT_EQ(place_of_two("d"), "a.yaml:8:3");
  EXPECT_EQ(place_of_two("e"), "a.yaml:9:4") << "with escapes its start";
}

TEST(YamlParserTest, AnEmptyItemStandsWhereItsListBegins) {
  const Node root = parse_yaml("a:\n  - x\n  -\n  - y\nb: 1\n", "a.yaml");
  const Node& item = root.find("a")->items[1];
  EXPECT_EQ(item.kind, Node::Kind::kNull);
  EXPECT_EQ(item.mark.line, 2);
  EXPECT_EQ(item.mark.column, 3);
}

TEST(YamlParserTest, NullsAreToldFromEmptyItemsOnEachOfManyLines) {
  const Node root = parse_yaml("a:\n" + repeated("  - ~\n  -\n", 20'000), "a.yaml");
  const auto& items = root.find("a")->items;
  ASSERT_EQ(items.size(), 40'000);
  EXPECT_EQ(items[39'998].mark.text(), "a.yaml:40000:5");
  EXPECT_EQ(items[39'999].mark.text(), "a.yaml:2:3") << "where its list begins";
}

TEST(YamlParserTest, AnEmptyFileIsNull) {
  EXPECT_EQ(parse_yaml("", "a.yaml").kind, Node::Kind::kNull);
  EXPECT_EQ(parse_yaml("# nothing\n", "a.yaml").kind, Node::Kind::kNull);
  EXPECT_EQ(parse_yaml("---\n", "a.yaml").kind, Node::Kind::kNull);
  EXPECT_EQ(parse_yaml("", "a.yaml").mark.text(), "a.yaml:1:1");
}

TEST(YamlParserTest, WritesAliasesOut) {
  const Node root = parse_yaml("a: &x {b: [1, 2]}\nc: *x\n", "a.yaml");
  EXPECT_EQ(*root.find("c"), *root.find("a"));
  EXPECT_EQ(root.find("c")->mark.text(), "a.yaml:1:4");
}

TEST(YamlParserTest, RefusesDuplicateKeys) {
  EXPECT_EQ(mistakes("x: 1\nx: 2\n"), "a.yaml:2:1: duplicate key 'x' (first at line 1)");
  EXPECT_EQ(mistakes("a: {x: 1, 'x': 2}\n"), "a.yaml:1:11: duplicate key 'x' (first at line 1)");
}

TEST(YamlParserTest, RefusesTheMergeKey) {
  EXPECT_EQ(mistakes("a: &x {b: 1}\nc:\n  <<: *x\n"),
            "a.yaml:3:3: the merge key '<<' is not supported; write the keys out");
  EXPECT_EQ(mistakes("'<<': 1\n"), "");
}

TEST(YamlParserTest, RefusesTags) {
  EXPECT_EQ(mistakes("a: !!python/object x\n"),
            "a.yaml:1:4: a tag ('tag:yaml.org,2002:python/object') is not allowed; leave it out");
  EXPECT_EQ(mistakes("a: !seq [1]\n"), "a.yaml:1:4: a tag ('!seq') is not allowed; leave it out");
  EXPECT_EQ(mistakes("a: !map {b: 1}\n"),
            "a.yaml:1:4: a tag ('!map') is not allowed; leave it out");
}

TEST(YamlParserTest, RefusesKeysThatAreNotText) {
  EXPECT_EQ(mistakes("[1]: 2\n"), "a.yaml:1:1: a key must be text, got a list");
  EXPECT_EQ(mistakes("{a: 1}: 2\n"), "a.yaml:1:1: a key must be text, got a map");
  EXPECT_EQ(mistakes("null: 2\n"), "a.yaml:1:1: a key must be text, got nothing");
}

TEST(YamlParserTest, RefusesASecondDocument) {
  EXPECT_EQ(mistakes("a: 1\n---\nb: 1\n"),
            "a.yaml:2:1: a second document starts here; a config file holds one");
  EXPECT_EQ(mistakes("---\na: 1\n...\n"), "");
}

TEST(YamlParserTest, TellsAllThatCanBeReadPast) {
  EXPECT_EQ(mistakes("x: !t 1\nx: 2\n[1]: 3\n<<: 4\n"),
            "a.yaml:1:4: a tag ('!t') is not allowed; leave it out\n"
            "a.yaml:2:1: duplicate key 'x' (first at line 1)\n"
            "a.yaml:3:1: a key must be text, got a list\n"
            "a.yaml:4:1: the merge key '<<' is not supported; write the keys out");
}

TEST(YamlParserTest, SaysWhatIsNotYaml) {
  EXPECT_EQ(mistakes("a: [1, 2\nb: 3\n"),
            "a.yaml:2:2: not valid YAML: end of sequence flow not found; a '[' is never closed");
  EXPECT_EQ(mistakes("a: *nothing\n"),
            "a.yaml:1:4: not valid YAML: the referenced anchor is not defined");
  EXPECT_EQ(mistakes("a: b: c\n"),
            "a.yaml:1:5: not valid YAML: illegal map value; put text that holds ': ' in quotes");
  EXPECT_EQ(
      mistakes("a: [b}\n"),
      "a.yaml:1:6: not valid YAML: illegal flow end; this bracket closes one of another kind");
  EXPECT_THAT(mistakes("a: {b: x[1]}\n"),
              testing::EndsWith("not valid YAML: end of map flow not found; a '{' is never closed, "
                                "or text in it that holds one of , [ ] { } wants quotes"));
}

TEST(YamlParserTest, OfAQuoteThatNeverClosesItNamesWhatStandsBefore) {
  const std::string open = "the quote that opens at or after this is never closed";
  EXPECT_EQ(mistakes("a: 'open\n"), "a.yaml:1:1: " + open);
  EXPECT_EQ(mistakes("a: 1\nb: 'open\nc: 2"), "a.yaml:2:1: " + open);
}

TEST(YamlParserTest, NamesATabInTheIndentation) {
  EXPECT_EQ(mistakes("a:\n\tb: 1\n"), "a.yaml:2:3: indented with a tab; use spaces");
  EXPECT_EQ(mistakes("a: |\n  text\twith a tab\n"), "");
}

TEST(YamlParserTest, RefusesBytesThatAreNotText) {
  EXPECT_EQ(mistakes(std::string_view("a: x\0y\n", 7)),
            "a.yaml:1:5: control character 0x00 in a text file");
  EXPECT_EQ(mistakes("a: 1\nb: \x1b[31m\n"), "a.yaml:2:4: control character 0x1b in a text file");
  EXPECT_EQ(mistakes("a: \xff\n"), "a.yaml:1:4: byte 0xff is not UTF-8");
  EXPECT_EQ(mistakes("a: \xc3"), "a.yaml:1:4: byte 0xc3 is not UTF-8");
  EXPECT_EQ(mistakes("a: \xc0\x80"), "a.yaml:1:4: byte 0xc0 is not UTF-8");
  EXPECT_EQ(mistakes("a: \xe0\x80\x80"), "a.yaml:1:4: byte 0xe0 is not UTF-8");
  EXPECT_EQ(mistakes("a: \xed\xa0\x80"), "a.yaml:1:4: byte 0xed is not UTF-8");
  EXPECT_EQ(mistakes("a: \xf4\x90\x80\x80"), "a.yaml:1:4: byte 0xf4 is not UTF-8");
  EXPECT_EQ(mistakes("a: \u00e9\u20ac\U0001f577\n"), "");
}

TEST(YamlParserTest, BoundsTheSizeOfAFile) {
  EXPECT_EQ(mistakes("#" + std::string(kMaxYamlBytes, 'x')),
            "a.yaml:1:1: larger than 1048576 bytes");
  EXPECT_EQ(mistakes("#" + std::string(kMaxYamlBytes - 1, 'x')), "");
}

TEST(YamlParserTest, BoundsTheDepth) {
  EXPECT_EQ(mistakes(repeated("[", 65) + repeated("]", 65)),
            "a.yaml:1:65: nested more than 64 deep");
  EXPECT_EQ(mistakes(repeated("[", 64) + repeated("]", 64)), "");
  EXPECT_THAT(mistakes(repeated("[", 500'000)), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(mistakes(repeated("- ", 500'000)), HasSubstr("nested more than 64 deep"));
  EXPECT_THAT(mistakes(repeated("{a: ", 200'000)), HasSubstr("nested more than 64 deep"));
}

TEST(YamlParserTest, BoundsTheDepthThatAliasesAdd) {
  const std::string deep = repeated("[", 40) + repeated("]", 40);
  EXPECT_EQ(mistakes("a: &x " + deep + "\nb: *x\n"), "");
  EXPECT_THAT(mistakes("a: &x " + deep + "\nb: " + repeated("[", 30) + "*x" + repeated("]", 30)),
              HasSubstr("nested more than 64 deep"));
}

TEST(YamlParserTest, StopsABillionLaughs) {
  std::string text = "a0: &a0 [lol]\n";
  for (int i = 1; i < 30; ++i) {
    const std::string before = "*a" + std::to_string(i - 1);
    text += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [" +
            repeated(before + ", ", 9) + before + "]\n";
  }
  EXPECT_THAT(mistakes(text), HasSubstr("more than 100000 values, aliases written out"));
}

TEST(YamlParserTest, BoundsTheNumberOfValues) {
  EXPECT_THAT(mistakes("[" + repeated("1,", 100'000) + "1]"), HasSubstr("more than 100000 values"));
  EXPECT_EQ(mistakes("[" + repeated("1,", 90'000) + "1]"), "");
  EXPECT_THAT(mistakes("&a [" + repeated("1,", 60'000) + "1]"),
              HasSubstr("more than 100000 values"))
      << "the copy behind an anchor counts too";
}

TEST(YamlParserTest, RefusesAnAliasOfWhatSurroundsIt) {
  EXPECT_EQ(mistakes("a: &x [1, *x]\n"), "a.yaml:1:11: an alias stands inside what it repeats");
}

TEST(YamlParserTest, SurvivesManyDuplicates) {
  std::string text = "k: 1\n" + repeated("k: 1\n", 20'000);
  const std::string all = mistakes(text);
  EXPECT_THAT(all, StartsWith("a.yaml:2:1: duplicate key 'k' (first at line 1)\n"));
  EXPECT_THAT(all, HasSubstr("\nand 19950 more"));
}

TEST(YamlParserTest, ReadsFiles) {
  EXPECT_THAT([] { read_yaml_file("/nonexistent/a.yaml"); },
              ThrowsMessage<Error>("cannot read /nonexistent/a.yaml: No such file or directory"));
}

bool is_one_thing(std::string_view key, const Node& /*value*/) { return key == "atom"; }

TEST(MergedTest, LaysMapsOverMapsKeyByKey) {
  const Node base = parse_yaml("a: 1\nb: {c: 1, d: [1, 2]}\n", "base.yaml");
  const Node over = parse_yaml("b: {d: [3], e: 4}\nf: 5\n", "over.yaml");
  const Node both = merged(base, over, is_one_thing);
  EXPECT_EQ(both, parse_yaml("a: 1\nb: {c: 1, d: [3], e: 4}\nf: 5\n", ""));
  EXPECT_EQ(both.find("a")->mark.text(), "base.yaml:1:4");
  EXPECT_EQ(both.find("b")->find("d")->mark.text(), "over.yaml:1:8");
  EXPECT_EQ(merged(base, parse_yaml("[1]", ""), is_one_thing), parse_yaml("[1]", ""));
}

std::string laid_over(const std::string& base, const std::string& over) {
  return to_flow_yaml(
      merged(parse_yaml(base, "base.yaml"), parse_yaml(over, "over.yaml"), is_one_thing));
}

TEST(MergedTest, APartOfAnotherTypeAndWhatIsOneThingAreReplacedWhole) {
  EXPECT_EQ(laid_over("loss: {type: hinge, margin: 1}", "loss: {type: ramp}"),
            "{loss: {type: ramp}}");
  EXPECT_EQ(laid_over("loss: {type: hinge, margin: 1}", "loss: {type: hinge, slope: 2}"),
            "{loss: {type: hinge, margin: 1, slope: 2}}");
  EXPECT_EQ(laid_over("atom: {a: 1, b: 2}", "atom: {b: 3}"), "{atom: {b: 3}}");
}

TEST(MergedTest, SomebodysOwnNameMayBeType) {
  EXPECT_EQ(laid_over("columns: {type: {modality: who}, age: {low: 0}}",
                      "columns: {type: {access: label}}"),
            "{columns: {type: {modality: who, access: label}, age: {low: 0}}}");
}

TEST(ProblemsTest, AreSortedByPlaceFileByFile) {
  const auto first = std::make_shared<const std::string>("b.yaml");
  const auto second = std::make_shared<const std::string>("a.yaml");
  Problems problems;
  problems.add({first, 10, 1}, "late");
  problems.add({second, 1, 1}, "other file");
  problems.add({first, 9, 7}, "early");
  problems.add({first, 9, 3}, "earlier");
  problems.add({}, "nowhere");
  EXPECT_EQ(problems.text(),
            "b.yaml:9:3: earlier\nb.yaml:9:7: early\nb.yaml:10:1: late\n"
            "a.yaml:1:1: other file\nnowhere");
  EXPECT_NO_THROW(Problems().raise());
}

}  // namespace
}  // namespace limbic::config
