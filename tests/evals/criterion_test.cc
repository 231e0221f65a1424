#include "limbic/evals/criterion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "../support/refusal.h"

namespace limbic::evals {
namespace {

constexpr double kNever = std::numeric_limits<double>::infinity();
const double kNaN = std::nan("");

config::Located written(const std::string& text) {
  return {text, {std::make_shared<const std::string>("a.yaml"), 3, 12}};
}

std::vector<std::string> names_of(const Values& values) {
  std::vector<std::string> names;
  for (const auto& [name, curve] : values) names.push_back(name);
  return names;
}

/// c rises, d falls, one and two are numbers, odd holds a NaN, none is empty.
Values measured() {
  return {{"c", {0, 0.25, 0.5, 1}}, {"d", {4, 3, 1, 1}}, {"one", {1}},       {"two", {2}},
          {"odd", {1, kNaN, 3}},    {"none", {}},        {"flat", {2, 2, 2}}};
}

double number(const std::string& text) {
  const Values values = measured();
  return Criterion(written(text), names_of(values)).number(values);
}

bool holds(const std::string& text) {
  const Values values = measured();
  return Criterion(written(text), names_of(values)).holds(values);
}

/// What is said of it, made or evaluated.
std::string refusal(const std::string& text) {
  return testing_support::refusal([&] { number(text); });
}

TEST(CriterionTest, NumbersAreReckonedWith) {
  EXPECT_EQ(number("one + two * 3"), 7);
  EXPECT_EQ(number("(one + two) * 3"), 9);
  EXPECT_EQ(number("one / two - 2"), -1.5);
  EXPECT_EQ(number("-two"), -2);
  EXPECT_EQ(number("-2 * -one"), 2);
}

TEST(CriterionTest, ClaimsAreOneOrZero) {
  for (const auto* claim :
       {"one < two", "one <= 1", "two > one", "one >= 1", "one == 1", "one != two",
        "one < two and two < 3", "one > two or two < 3", "not one > two", "one and two"}) {
    EXPECT_EQ(number(claim), 1) << claim;
    EXPECT_TRUE(holds(claim)) << claim;
  }
  for (const auto* claim :
       {"two < one", "two <= 1", "one > two", "one >= 2", "one == 2", "one != 1",
        "one < two and two > 3", "one > two or two > 3", "not one < two", "one and 0"}) {
    EXPECT_EQ(number(claim), 0) << claim;
    EXPECT_FALSE(holds(claim)) << claim;
  }
}

TEST(CriterionTest, ItHoldsWhereItComesToOne) {
  EXPECT_TRUE(holds("steps_down(d, 2, 0)"));
  EXPECT_FALSE(holds("steps_down(c, 1, 1)"));
  EXPECT_FALSE(holds("at(c, first(c, 2)) < 1"));
  const Values values = measured();
  EXPECT_EQ(Criterion(written("one < two"), names_of(values)).text(), "one < two");
}

TEST(CriterionTest, WhatIsNotMeasuredMakesNoClaim) {
  for (const std::string text :
       {"steps_down(c, 0, 5) and one == 1", "one == 1 and at(none, 0)", "at(none, 0) or one == 2",
        "one == 2 or at(c, first(c, 2))", "at(c, first(c, 2)) < 1", "at(c, first(c, 2)) >= 1",
        "at(c, first(c, 2)) == at(c, first(c, 2))", "1 != at(c, first(c, 2))"}) {
    EXPECT_TRUE(std::isnan(number(text))) << text;
    EXPECT_TRUE(std::isnan(number("not (" + text + ")"))) << text;
    EXPECT_FALSE(holds(text) || holds("not (" + text + ")")) << text;
  }
  EXPECT_TRUE(std::isnan(number("mean(odd > 2)")));
}

TEST(CriterionTest, WhatIsMeasuredMaySettleAClaimAlone) {
  EXPECT_EQ(number("at(none, 0) or one == 1"), 1);
  EXPECT_EQ(number("two or at(none, 0)"), 1);
  EXPECT_EQ(number("at(none, 0) and one == 2"), 0);
  EXPECT_EQ(number("one == 2 and at(none, 0)"), 0);
}

TEST(CriterionTest, ANumberIsNoClaim) {
  for (const std::string text : {"one", "1", "two - one", "-one", "max(one < two)", "last(c)"}) {
    const Criterion criterion(written(text), names_of(measured()));
    EXPECT_THAT([&] { criterion.require_claim(); },
                testing::ThrowsMessage<ConfigError>("a.yaml:3:12: '" + text +
                                                    "' is a number and no claim; compare it, as "
                                                    "in '" +
                                                    text + " > 0'"));
  }
}

TEST(CriterionTest, FirstIsTheIndexOfTheFirstValueOfAtLeast) {
  EXPECT_EQ(number("first(c, 0.5)"), 2);
  EXPECT_EQ(number("first(c, 0)"), 0);
  EXPECT_EQ(number("first(c, 2)"), kNever);
  EXPECT_EQ(number("first(odd, 1)"), 0) << "whatever comes after it";
  EXPECT_EQ(number("first(none, 0)"), kNever);
  for (const auto* text : {"first(odd, 2)", "first(odd, 5)"})
    EXPECT_TRUE(std::isnan(number(text))) << text << ": what was not measured may have been it";
  EXPECT_TRUE(std::isnan(number("first(c, at(none, 0))")));
}

TEST(CriterionTest, HalfIsTheIndexOfTheFirstValueBelowHalfOfTheFirst) {
  EXPECT_EQ(number("half(d)"), 2);
  EXPECT_EQ(number("half(flat)"), 3) << "never: its length";
  EXPECT_EQ(number("half(none)"), 0);
  const auto half = [](const std::vector<double>& curve) {
    return Criterion(written("half(g)"), {"g"}).number({{"g", curve}});
  };
  EXPECT_EQ(half({4, 1, kNaN}), 1) << "whatever comes after it";
  for (const std::vector<double>& curve :
       {std::vector<double>{4, kNaN, 1}, {kNaN, 1, 1}, {4, 3, kNaN}})
    EXPECT_TRUE(std::isnan(half(curve))) << "what was not measured may have been it";
}

TEST(CriterionTest, AtIsAValueTheLastPastTheEndAndNaNAtNever) {
  EXPECT_EQ(number("at(d, 1)"), 3);
  EXPECT_EQ(number("at(d, 1.9)"), 3);
  EXPECT_EQ(number("at(c, 100)"), 1);
  EXPECT_TRUE(std::isnan(number("at(c, first(c, 2))")));
  EXPECT_TRUE(std::isnan(number("at(c, -1)")));
  EXPECT_TRUE(std::isnan(number("at(none, 0)")));
}

TEST(CriterionTest, NeverIsLaterThanAnyTrial) { EXPECT_EQ(number("first(c, 2) > 1000"), 1); }

TEST(CriterionTest, LastArgmaxAndLength) {
  EXPECT_EQ(number("last(d)"), 1);
  EXPECT_EQ(number("argmax(d)"), 0);
  EXPECT_EQ(number("argmax(c)"), 3);
  EXPECT_EQ(number("argmax(flat)"), 0) << "the first of equals";
  EXPECT_EQ(number("length(c)"), 4);
  EXPECT_EQ(number("length(one)"), 1);
  EXPECT_EQ(number("length(none)"), 0);
  EXPECT_TRUE(std::isnan(number("last(none)")));
  EXPECT_TRUE(std::isnan(number("argmax(none)")));
  EXPECT_TRUE(std::isnan(number("argmax(odd)")));
}

TEST(CriterionTest, MeanOfAllOrOfValuesIToJ) {
  EXPECT_EQ(number("mean(d)"), 2.25);
  EXPECT_EQ(number("mean(d, 1, 2)"), 2);
  EXPECT_EQ(number("mean(d, 1, 1)"), 3);
  EXPECT_EQ(number("mean(d, -3, 0)"), 4);
  EXPECT_EQ(number("mean(d, 2, 100)"), 1) << "up to its end";
  EXPECT_TRUE(std::isnan(number("mean(d, 4, 100)")));
  EXPECT_TRUE(std::isnan(number("mean(d, 2, 1)")));
  EXPECT_TRUE(std::isnan(number("mean(d, -3, -1)")));
  EXPECT_TRUE(std::isnan(number("mean(none)")));
  EXPECT_TRUE(std::isnan(number("mean(odd)")));
}

TEST(CriterionTest, MeanFromOrToNever) {
  EXPECT_TRUE(std::isnan(number("mean(c, first(c, 2), 3)")));
  EXPECT_EQ(number("mean(c, 1, first(c, 2))"), 1.75 / 3) << "to its end";
  EXPECT_TRUE(std::isnan(number("mean(c, at(c, first(c, 2)), 3)")));
  EXPECT_TRUE(std::isnan(number("mean(c, 0, at(c, first(c, 2)))")));
}

TEST(CriterionTest, TrendIsTheCorrelationWithTheIndex) {
  EXPECT_NEAR(number("trend(c)"), 0.9827, 1e-4);  // 1.625 / sqrt(5 * 0.546875)
  EXPECT_NEAR(number("trend(-c)"), -0.9827, 1e-4);
  EXPECT_NEAR(number("trend(10 - 3 * d)"), 0.9467, 1e-4);
  EXPECT_TRUE(std::isnan(number("trend(flat)")));
  EXPECT_TRUE(std::isnan(number("trend(one)")));
  EXPECT_TRUE(std::isnan(number("trend(none)")));
}

TEST(CriterionTest, AbsMinAndMax) {
  EXPECT_EQ(number("abs(one - two)"), 1);
  EXPECT_EQ(number("max(abs(c - 1))"), 1) << "of a curve, value by value";
  EXPECT_EQ(number("min(abs(c - 0.5))"), 0);
  EXPECT_EQ(number("min(d)"), 1);
  EXPECT_EQ(number("max(d)"), 4);
  EXPECT_EQ(number("min(one, two, -3)"), -3);
  EXPECT_EQ(number("max(one, two, -3)"), 2);
  EXPECT_EQ(number("max(c, two)"), 2);
  for (const auto* text :
       {"max(odd)", "min(odd)", "max(1, at(none, 0))", "min(at(none, 0), 1)", "max(none)"}) {
    EXPECT_TRUE(std::isnan(number(text))) << text;
  }
}

TEST(CriterionTest, StepsDownIsWhetherBothSidesOfACentreFallTogether) {
  const auto steps = [](const std::vector<double>& curve, const std::string& rest) {
    const Values values{{"g", curve}};
    return Criterion(written("steps_down(g, " + rest + ")"), {"g"}).number(values);
  };
  EXPECT_EQ(steps({1, 2, 3, 2, 1}, "2, 2"), 1);
  EXPECT_EQ(steps({0, 3, 3, 2, 1}, "2, 2"), 1) << "the means of 3 | 2.5 | 0.5 fall";
  EXPECT_EQ(steps({1, 2, 3, 4, 1}, "2, 2"), 0) << "3 | 3: level";
  EXPECT_EQ(steps({9, 2, 3, 2, 1}, "2, 1"), 1) << "as far as asked";
  EXPECT_EQ(steps({9, 2, 3, 2, 1}, "2, 2"), 0);
  EXPECT_TRUE(std::isnan(steps({1, 2, 3, 2, 1}, "1, 2"))) << "past the beginning";
  EXPECT_TRUE(std::isnan(steps({1, 2, 3, 2, 1}, "3, 2"))) << "past the end";
  EXPECT_TRUE(std::isnan(steps({1, 2, 3, 2, 1}, "first(g, 7), 2")));
  EXPECT_TRUE(std::isnan(steps({1, 2, 3, 2, 1}, "2, first(g, 7)")));
  EXPECT_TRUE(std::isnan(steps({1, kNaN, 3, 2, 1}, "2, 1"))) << "neither falls nor does not";
}

TEST(CriterionTest, ACurveAndANumberGoTogetherValueByValue) {
  EXPECT_EQ(number("max(d - c)"), 4);
  EXPECT_EQ(number("last(d - c)"), 0);
  EXPECT_EQ(number("min(2 - d)"), -2);
  EXPECT_EQ(number("at(d / two, 1)"), 1.5);
  EXPECT_EQ(number("mean(-d)"), -2.25);
  EXPECT_EQ(number("mean(d > 2)"), 0.5) << "how much of it";
  EXPECT_EQ(number("mean(not d > 2)"), 0.5);
  EXPECT_EQ(number("length(none + 1)"), 0);
}

TEST(CriterionTest, NamesThatAreNoWordsStandInBackquotes) {
  const Values values{{"after 10", {3}}};
  EXPECT_EQ(Criterion(written("`after 10` + 1"), {"after 10"}).number(values), 4);
}

TEST(CriterionTest, UnknownNamesAndFunctionsAreRefusedTogether) {
  EXPECT_EQ(refusal("two < tow and lst(c) > 0 and mean(cc) > 1"),
            "a.yaml:3:18: nothing measured is called 'tow'; did you mean 'two'?\n"
            "a.yaml:3:26: unknown function 'lst'; did you mean 'last'?\n"
            "a.yaml:3:46: nothing measured is called 'cc'; known: c, d, flat, none, odd, one, two");
}

TEST(CriterionTest, AFunctionOfAnotherNumberOfArgumentsIsRefused) {
  EXPECT_EQ(refusal("first(c)"), "a.yaml:3:12: first takes other than 1 arguments");
  EXPECT_EQ(refusal("1 + half(c, 1)"), "a.yaml:3:16: half takes other than 2 arguments");
  EXPECT_EQ(refusal("mean(c, 1)"), "a.yaml:3:12: mean takes other than 2 arguments");
  EXPECT_EQ(refusal("mean(c, 1, 2, 3)"), "a.yaml:3:12: mean takes other than 4 arguments");
  EXPECT_EQ(refusal("max()"), "a.yaml:3:12: max takes other than 0 arguments");
  EXPECT_EQ(refusal("steps_down(c, 1)"), "a.yaml:3:12: steps_down takes other than 2 arguments");
}

TEST(CriterionTest, WhatIsNoNumberIsRefused) {
  EXPECT_EQ(refusal("c == 'high'"), "a.yaml:3:17: a criterion is about numbers");
  EXPECT_EQ(refusal("present(c)"), "a.yaml:3:20: a criterion is about numbers");
  EXPECT_EQ(refusal("one + c[2]"), "a.yaml:3:18: write at(c, 2) for c[2]");
  EXPECT_EQ(refusal("c <"), "a.yaml:3:15: expected a value, got the end of the expression");
}

TEST(CriterionTest, CurvesOfOtherLengthsDoNotMeet) {
  EXPECT_EQ(refusal("max(c - odd)"), "a.yaml:3:18: 4 values meet 3 at '-'");
  EXPECT_EQ(refusal("max(none - c)"), "a.yaml:3:21: 0 values meet 4 at '-'");
}

TEST(CriterionTest, ACurveIsNoAnswer) {
  EXPECT_EQ(refusal("c < 1"), "a.yaml:3:12: comes to 4 values, not to one");
  EXPECT_EQ(refusal("none < 1"), "a.yaml:3:12: comes to 0 values, not to one");
}

}  // namespace
}  // namespace limbic::evals
