#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <cstdint>
#include <limits>
#include <string>

#include "limbic/config/reader.h"

namespace limbic::config {
namespace {

enum class Kind { kScalar, kCategory, kVector };
constexpr auto enum_names(Kind) {
  return std::array{std::pair{"scalar", Kind::kScalar}, std::pair{"category", Kind::kCategory},
                    std::pair{"vector", Kind::kVector}};
}

template <class T>
struct One {
  T x{};
  static void fields(auto& self, auto&& field) { field("x", self.x, "a value"); }
};

struct Ranged {
  double rate = 0.5;
  int64_t count = 5;
  std::vector<double> list;
  Steps over{1};
  int narrow = 0;
  static void fields(auto& self, auto&& field) {
    using config::within;
    field("rate", self.rate, within(0.0, 1.0), "a rate");
    field("count", self.count, at_least(1), "a count");
    field("list", self.list, within(0.0, 2.5), "numbers");
    field("over", self.over, at_least(1), "how long");
    field("narrow", self.narrow, "32 bits");
  }
};

template <class T>
T value_of(const std::string& text) {
  return parse<One<T>>("x: " + text, "a.yaml").x;
}

/// The mistake in `x: text`, without its place.
template <class T>
std::string mistake(const std::string& text) {
  try {
    value_of<T>(text);
  } catch (const ConfigError& error) {
    const std::string line = error.what();
    const std::string place = text == "null" ? "a.yaml:1:1: " : "a.yaml:1:4: ";
    EXPECT_TRUE(line.starts_with(place)) << line;
    return line.substr(place.size());
  }
  return "";
}

std::string ranged_mistake(const std::string& text) {
  try {
    parse<Ranged>(text, "a.yaml");
  } catch (const ConfigError& error) {
    return error.what();
  }
  return "";
}

TEST(NumberTest, ReadsDecimalNumbers) {
  EXPECT_EQ(value_of<double>("0.1"), 0.1);
  EXPECT_EQ(value_of<double>("-1.5e-3"), -1.5e-3);
  EXPECT_EQ(value_of<double>("3"), 3.0);
  EXPECT_EQ(value_of<double>("0"), 0.0);
  EXPECT_EQ(value_of<double>(".5"), 0.5);
  EXPECT_EQ(value_of<double>("-0.0"), 0.0);
  EXPECT_EQ(value_of<int64_t>("-9223372036854775808"), std::numeric_limits<int64_t>::min());
  EXPECT_EQ(value_of<int64_t>("0"), 0);
}

TEST(NumberTest, RefusesWhatIsNoNumber) {
  EXPECT_EQ(mistake<double>("abc"), "expected a number, got 'abc'");
  EXPECT_EQ(mistake<double>("1.5x"), "expected a number, got '1.5x'");
  EXPECT_EQ(mistake<double>("1 2"), "expected a number, got '1 2'");
  EXPECT_EQ(mistake<double>("1.2.3"), "expected a number, got '1.2.3'");
  EXPECT_EQ(mistake<double>("--1"), "expected a number, got '--1'");
  EXPECT_EQ(mistake<double>("'1'"), "expected a number, got '1' in quotes");
  EXPECT_EQ(mistake<double>("[1]"), "expected a number, got a list");
  EXPECT_EQ(mistake<double>("{a: 1}"), "expected a number, got a map");
  EXPECT_EQ(mistake<double>("null"), "expected a number, got nothing");
  EXPECT_EQ(mistake<double>("12:30"), "expected a number, got '12:30'");
}

TEST(NumberTest, RefusesWhatReadersDisagreeAbout) {
  const std::string octal = "; leave out the leading zero (some readers take it for octal)";
  EXPECT_EQ(mistake<int64_t>("010"), "expected a whole number, got '010'" + octal);
  EXPECT_EQ(mistake<double>("-00.5"), "expected a number, got '-00.5'" + octal);
  EXPECT_EQ(mistake<int64_t>("0x10"), "expected a whole number, got '0x10'; write it in decimal");
  EXPECT_EQ(mistake<int64_t>("0o10"), "expected a whole number, got '0o10'; write it in decimal");
  EXPECT_EQ(mistake<int64_t>("1_000"),
            "expected a whole number, got '1_000'; write the digits without separators");
  EXPECT_EQ(mistake<double>("1,5"),
            "expected a number, got '1,5'; write the digits without separators");
  EXPECT_EQ(mistake<int64_t>("1,000,000"),
            "expected a whole number, got '1,000,000'; write the digits without separators");
  for (const std::string list : {"0.001,0.01", "1e-3,1e-4", "1,2,3"})
    EXPECT_EQ(mistake<double>(list), "expected a number, got '" + list + "'; one value at a time");
  EXPECT_EQ(mistake<double>("+3"), "expected a number, got '+3'; leave out the '+'");
}

TEST(NumberTest, RefusesWhatIsNotFinite) {
  for (const std::string text : {"inf", ".inf", "-.inf", "nan", ".nan", ".NaN", "-inf", "+.Inf"}) {
    EXPECT_THAT(mistake<double>(text),
                testing::StartsWith("expected a finite number, got '" + text + "'"));
  }
  EXPECT_EQ(mistake<double>("1e999"), "expected a number that fits into 64 bits, got '1e999'");
  EXPECT_EQ(mistake<double>("1e-999"), "expected a number that fits into 64 bits, got '1e-999'");
}

TEST(NumberTest, WholeNumbersAreWrittenAsSuch) {
  EXPECT_EQ(mistake<int64_t>("2.5"), "expected a whole number, got '2.5'");
  EXPECT_EQ(mistake<int64_t>("1e3"), "expected a whole number, got '1e3'; write 1000");
  EXPECT_EQ(mistake<int64_t>("2.0"), "expected a whole number, got '2.0'; write 2");
  EXPECT_EQ(mistake<int64_t>("1e300"), "expected a whole number, got '1e300'");
  EXPECT_EQ(mistake<int64_t>("9223372036854775808"),
            "x must be in [-9223372036854775808, 9223372036854775807], got 9223372036854775808");
}

TEST(BoolTest, IsTrueOrFalseAndNothingElse) {
  EXPECT_TRUE(value_of<bool>("true"));
  EXPECT_FALSE(value_of<bool>("false"));
  for (const std::string text : {"yes", "no", "on", "off", "y", "n", "True", "FALSE", "1", "0"}) {
    EXPECT_EQ(mistake<bool>(text),
              "expected a truth value, got '" + text + "'; write true or false");
  }
  EXPECT_EQ(mistake<bool>("'true'"),
            "expected a truth value, got 'true' in quotes; write true or false");
}

TEST(TextTest, IsAnyScalarAsItIsWritten) {
  EXPECT_EQ(value_of<std::string>("010"), "010");
  EXPECT_EQ(value_of<std::string>("yes"), "yes");
  EXPECT_EQ(value_of<std::string>("''"), "");
  EXPECT_EQ(value_of<std::string>("two words"), "two words");
  EXPECT_EQ(mistake<std::string>("[a]"), "expected text, got a list");
  EXPECT_EQ(mistake<std::string>("null"), "expected text, got nothing; write '' for an empty one");
}

TEST(LocatedTest, KnowsItsPlace) {
  const auto located = parse<One<Located>>("\nx: mean(1 - retina)\n", "a.yaml").x;
  EXPECT_EQ(located.text, "mean(1 - retina)");
  EXPECT_EQ(located.mark.text(), "a.yaml:2:4");
}

TEST(EnumTest, IsReadByItsNames) {
  EXPECT_EQ(value_of<Kind>("vector"), Kind::kVector);
  EXPECT_EQ(mistake<Kind>("scaler"), "unknown x 'scaler'; did you mean 'scalar'?");
  EXPECT_EQ(mistake<Kind>("zzz"), "unknown x 'zzz'; known: scalar, category, vector");
  EXPECT_EQ(mistake<Kind>("[a]"), "expected a x, got a list; known: scalar, category, vector");
}

TEST(RangeTest, IsNamedInTheMessage) {
  EXPECT_EQ(ranged_mistake("\n  rate: 3\n"), "a.yaml:2:9: rate must be in [0, 1], got 3");
  EXPECT_EQ(ranged_mistake("rate: 1.0000001\n"),
            "a.yaml:1:7: rate must be in [0, 1], got 1.0000001");
  EXPECT_EQ(ranged_mistake("rate: 1\ncount: 0\n"), "a.yaml:2:8: count must be at least 1, got 0");
  EXPECT_EQ(ranged_mistake("list: [1, 3]\n"), "a.yaml:1:11: list must be in [0, 2.5], got 3");
  EXPECT_EQ(ranged_mistake("over: 0 steps\n"),
            "a.yaml:1:7: over must be at least 1 steps, got '0 steps'");
  EXPECT_EQ(ranged_mistake("narrow: 3000000000\n"),
            "a.yaml:1:9: narrow must be in [-2147483648, 2147483647], got 3000000000");
  EXPECT_EQ(ranged_mistake("count: 99999999999999999999\n"),
            "a.yaml:1:8: count must be in [1, 9223372036854775807], got 99999999999999999999");
}

TEST(RangeTest, SpeaksShortly) {
  EXPECT_EQ(within(0.0, 1.0).text(), "in [0, 1]");
  EXPECT_EQ(within<int64_t>(1, 1 << 20).text(), "in [1, 1048576]");
  EXPECT_EQ(within(1e-9, 0.5).text(), "in [1e-09, 0.5]");
  EXPECT_EQ(at_least(-2).text(), "at least -2");
}

TEST(UnitsTest, ReadCountsWithTheirUnit) {
  EXPECT_EQ(value_of<Steps>("200 steps").count, 200);
  EXPECT_EQ(value_of<Steps>("1 step").count, 1);
  EXPECT_EQ(value_of<Steps>("2k steps").count, 2000);
  EXPECT_EQ(value_of<Steps>("1.5k steps").count, 1500);
  EXPECT_EQ(value_of<Steps>("4.35k steps").count, 4350);
  EXPECT_EQ(value_of<Steps>("2M steps").count, 2'000'000);
  EXPECT_EQ(value_of<Steps>("0 steps").count, 0);
  EXPECT_EQ(value_of<Steps>("3   steps").count, 3);
  EXPECT_EQ(value_of<Evals>("3 evals").count, 3);
  EXPECT_EQ(value_of<Ticks>("1 tick").count, 1);
}

TEST(UnitsTest, RefuseEverythingElse) {
  const std::string wanted = "expected a number of steps such as '200 steps', got ";
  for (const std::string text :
       {"200", "3 evals", "steps", "k steps", "-3 steps", "1.5 steps", "1.2345k steps", "2K steps",
        "1e3 steps", "200steps", "2 k steps", "010 steps", "0x10 steps", "inf steps",
        "99999999999999999999 steps", "3 steps more"}) {
    EXPECT_EQ(mistake<Steps>(text), wanted + "'" + text + "'");
  }
  EXPECT_EQ(mistake<Steps>("[3 steps]"), wanted + "a list");
  EXPECT_EQ(mistake<Steps>("null"), wanted + "nothing");
  EXPECT_EQ(mistake<Evals>("3 steps"),
            "expected a number of evals such as '200 evals', got '3 steps'");
}

TEST(ListTest, RefusesASingleValue) {
  EXPECT_EQ(mistake<std::vector<int64_t>>("3"), "expected a list, got '3'; write [3]");
  EXPECT_EQ(mistake<std::vector<int64_t>>("null"),
            "expected a list, got nothing; write [] for an empty one");
  EXPECT_EQ(mistake<std::vector<int64_t>>("{a: 1}"), "expected a list, got a map");
}

}  // namespace
}  // namespace limbic::config
