#include "limbic/brain/steering/expression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <sstream>

#include "limbic/brain/steering/functions.h"
#include "limbic/core/file.h"

namespace limbic::brain::steering {
namespace {

config::Located written(const std::string& text) {
  return {text, {std::make_shared<const std::string>("e.yaml"), 3, 10}};
}

/// The tree with brackets around everything: "a + b * c" -> "(+ a (* b c))".
std::string tree(const std::string& text) {
  config::Problems problems;
  const auto expression = parse_expression(written(text), problems);
  if (!expression) return problems.text();
  std::vector<std::string> shown;
  for (const Term& term : expression->terms) {
    std::ostringstream out;
    if (!term.arguments.empty() || term.kind == Term::Kind::kCall) {
      out << "(" << term.text;
      for (const int64_t argument : term.arguments) out << " " << shown[argument];
      out << ")";
    } else if (term.kind == Term::Kind::kNumber) {
      out << term.number;
    } else {
      out << (term.kind == Term::Kind::kPresent ? "?" : "") << term.text;
      if (term.cell >= 0) out << "[" << term.cell << "]";
    }
    shown.push_back(out.str());
  }
  return shown.back();
}

std::string repeated(const std::string& part, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += part;
  return all;
}

TEST(ExpressionTest, BindsFromOrLooselyToSignsTightly) {
  EXPECT_EQ(tree("a or b and not c < d + e * -f"), "(or a (and b (not (< c (+ d (* e (- f)))))))");
}

TEST(ExpressionTest, TakesEqualLevelsFromTheLeft) {
  EXPECT_EQ(tree("a - b - c + d"), "(+ (- (- a b) c) d)");
  EXPECT_EQ(tree("a / b * c / d"), "(/ (* (/ a b) c) d)");
  EXPECT_EQ(tree("a or b or c"), "(or (or a b) c)");
}

TEST(ExpressionTest, BracketsComeFirst) {
  EXPECT_EQ(tree("(a - (b - c)) * (d + 1)"), "(* (- a (- b c)) (+ d 1))");
  EXPECT_EQ(tree("not (a and b)"), "(not (and a b))");
}

TEST(ExpressionTest, SignsOfNumbersBelongToThem) {
  EXPECT_EQ(tree("-1.5e-1"), "-0.15");
  EXPECT_EQ(tree("- -2"), "2");
  EXPECT_EQ(tree("2 - -.5"), "(- 2 -0.5)");
  EXPECT_EQ(tree("--a"), "(- (- a))");
}

TEST(ExpressionTest, ReadsCallsCellsPresenceAndNames) {
  EXPECT_EQ(tree("where(a, min(b, 2), present(c[1]))"), "(where a (min b 2) ?c[1])");
  EXPECT_EQ(tree("assess.flinch + picture[0]"), "(+ assess.flinch picture[0])");
  EXPECT_EQ(tree("`petal width (cm)` > 1"), "(> petal width (cm) 1)");
  EXPECT_EQ(tree("place == 'living room'"), "(== place living room)");
  EXPECT_EQ(tree("f()"), "(f)");
}

TEST(ExpressionTest, NamesWhatIsWrongAndItsCharacter) {
  EXPECT_EQ(tree(""), "e.yaml:3:10: expected a value, got the end of the expression");
  EXPECT_EQ(tree("a +"), "e.yaml:3:13: expected a value, got the end of the expression");
  EXPECT_EQ(tree("a + * b"), "e.yaml:3:14: expected a value, got '*'");
  EXPECT_EQ(tree("(a + b"), "e.yaml:3:16: expected ')', got the end of the expression");
  EXPECT_EQ(tree("a b"), "e.yaml:3:12: expected the end of the expression, got 'b'");
  EXPECT_EQ(tree("f(a, )"), "e.yaml:3:15: expected a value, got ')'");
  EXPECT_EQ(tree("a < b < c"),
            "e.yaml:3:16: comparisons can't be chained; write 'a < b and b < c' for 'a < b < c'");
  EXPECT_EQ(tree("a[b]"), "e.yaml:3:12: expected the number of a cell, got 'b'");
  EXPECT_EQ(tree("a[1.5]"), "e.yaml:3:12: expected the number of a cell, got '1.5'");
  EXPECT_EQ(tree("present(3)"), "e.yaml:3:18: expected the name of a variable, got '3'");
}

TEST(ExpressionTest, NamesBadCharactersAndNumbers) {
  EXPECT_EQ(tree("a % b"), "e.yaml:3:12: unexpected character '%'");
  EXPECT_EQ(tree("a && b"), "e.yaml:3:12: unexpected character '&'; write 'and'");
  EXPECT_EQ(tree("a || b"), "e.yaml:3:12: unexpected character '|'; write 'or'");
  EXPECT_EQ(tree("!a"), "e.yaml:3:10: unexpected character '!'; write 'not'");
  EXPECT_EQ(tree("a = b"), "e.yaml:3:12: unexpected character '='; equality is '=='");
  EXPECT_EQ(tree("a > 'b"), "e.yaml:3:14: a quote that is never closed");
  EXPECT_EQ(tree("a × b"), "e.yaml:3:12: unexpected character '×'");
  EXPECT_EQ(tree("1.2.3"), "e.yaml:3:10: malformed number '1.2.3'");
  EXPECT_EQ(tree("a > 3ticks"), "e.yaml:3:14: malformed number '3ticks'");
  EXPECT_EQ(tree("1e39"), "e.yaml:3:10: number '1e39' is out of range");
  EXPECT_EQ(tree("1e999"), "e.yaml:3:10: number '1e999' is out of range");
}

TEST(ExpressionTest, BoundsNestingAndLength) {
  EXPECT_EQ(tree(repeated("(", 64) + "a" + repeated(")", 64)), "a");
  EXPECT_EQ(tree(repeated("(", 65) + "a" + repeated(")", 65)),
            "e.yaml:3:74: nested more than 64 deep");
  EXPECT_EQ(tree(repeated("not ", 4000 / 4) + "a"), "e.yaml:3:266: nested more than 64 deep");
  EXPECT_EQ(tree(repeated("-", 4000) + "a"), "e.yaml:3:74: nested more than 64 deep");
  EXPECT_EQ(tree(repeated("f(", 2000)), "e.yaml:3:138: nested more than 64 deep");
  EXPECT_EQ(tree(repeated("a+", 2047) + "ab").substr(0, 5), "(+ (+");
  EXPECT_EQ(tree(repeated("a+", 2048) + "a"),
            "e.yaml:3:10: an expression may have 4096 characters, and this has 4097");
}

TEST(LanguageTest, EveryFunctionIsInItsReference) {
  const std::string reference = read_file(LIMBIC_SOURCE_DIR "/configs/language.md");
  for (const std::string_view name : function_names()) {
    EXPECT_TRUE(reference.find("| `" + std::string(name)) != std::string::npos ||
                reference.find(", `" + std::string(name)) != std::string::npos)
        << name;
  }
  for (const std::string word : {"always", "never", "and", "or", "not"})
    EXPECT_NE(reference.find(word), std::string::npos) << word;
}

}  // namespace
}  // namespace limbic::brain::steering
