#include "limbic/app/corner.h"

#include <ATen/ATen.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "limbic/app/svg.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "xml_mistake.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;
using testing::ThrowsMessage;

size_t count_of(const std::string& part, const std::string& text) {
  size_t count = 0;
  for (size_t at = text.find(part); at != std::string::npos; at = text.find(part, at + 1)) ++count;
  return count;
}

TEST(SvgTest, StepsAreOneTwoOrFiveAndCutTheSpanInAtMostSoMany) {
  EXPECT_DOUBLE_EQ(nice_step(1, 4), 0.5);
  EXPECT_DOUBLE_EQ(nice_step(1, 5), 0.2);
  EXPECT_DOUBLE_EQ(nice_step(1, 10), 0.1);
  EXPECT_DOUBLE_EQ(nice_step(37, 4), 10);
  EXPECT_DOUBLE_EQ(nice_step(0.003, 4), 0.001);
}

TEST(SvgTest, TicksAreTheMultiplesWithin) {
  EXPECT_THAT(multiples(-1, 1, 0.5), ElementsAre(-1, -0.5, 0, 0.5, 1));
  EXPECT_THAT(multiples(0.3, 1.9, 1), ElementsAre(1));
  EXPECT_EQ(number_beside(multiples(0.25, 0.35, 0.1)[0], 0.1), "0.3");
  EXPECT_EQ(number_beside(multiples(-0.05, 0.05, 0.1)[0], 0.1), "0");
}

TEST(SvgTest, NumbersHaveDigitsEnoughToDifferFromTheirNeighbours) {
  EXPECT_EQ(number_beside(1998.25, 35), "1998");
  EXPECT_EQ(number_beside(1234567, 1), "1234567");
  EXPECT_EQ(number_beside(1234568, 1), "1234568");
  EXPECT_EQ(number_beside(0.123456, 1), "0.123") << "three at least";
  EXPECT_EQ(number_beside(2001, 5000), "2000") << "and no exponent for them";
  EXPECT_EQ(number_beside(0.1F, 0), "0.1") << "eight at most";
  EXPECT_EQ(number_beside(0, 0), "0");
}

TEST(CornerTest, HasAMarginalForEachAxisAndAPanelForEachPair) {
  const CornerAxis a{.name = "theta<0>", .values = {0, 1, 2, 3}, .truth = 1.5};
  const CornerAxis b{.name = "b", .values = {5, 5, 6, 7}};
  const CornerAxis c{.name = "c", .values = {0, 2, 2, 1}, .words = {"no", "may&be", "yes"}};
  const std::string svg = draw_corner({a, b, c});
  EXPECT_EQ(xml_mistake(svg), "");
  EXPECT_EQ(count_of("<g transform", svg), 6);
  EXPECT_EQ(count_of("<circle", svg), 4);  // a against b alone has points
  EXPECT_THAT(svg, HasSubstr(">theta&lt;0&gt;<"));
  EXPECT_THAT(svg, HasSubstr(">1.5  [0.15, 2.85]<"));
  EXPECT_THAT(svg, HasSubstr(">yes  50 %<"));
  EXPECT_THAT(svg, HasSubstr(">may&amp;be<"));
  EXPECT_EQ(count_of("stroke='#d55e00'", svg), 3);  // through a's column
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
}

TEST(CornerTest, LargeNumbersCloseTogetherAreToldApart) {
  const std::string svg = draw_corner({{.name = "year", .values = {1981, 1998, 2016}}});
  EXPECT_THAT(svg, HasSubstr(">1998  [1983, 2014]<"));  // 1981 + .1 * 17, 2016 - .1 * 18
  EXPECT_THAT(svg, HasSubstr(">1990<"));
}

TEST(CornerTest, ManySamplesAreShadesOfDensity) {
  CornerAxis a{.name = "a", .values = std::vector<double>(900, 0.0)};
  a.values[0] = 1;
  const std::string svg = draw_corner({a, a});
  EXPECT_EQ(count_of("<circle", svg), 0);
  EXPECT_EQ(count_of("fill='rgb(12,44,92)'", svg), 1);     // 899 of them
  EXPECT_EQ(count_of("fill='rgb(226,234,243)'", svg), 1);  // and one: sqrt(1/899) of the way
}

TEST(CornerTest, AnAxisOfOneValueHasAWidth) {
  const std::string svg = draw_corner({{.name = "a", .values = {2, 2, 2}}});
  EXPECT_THAT(svg, HasSubstr(">2  [2, 2]<"));
  EXPECT_THAT(svg, Not(HasSubstr("nan")));
  EXPECT_THAT(svg, Not(HasSubstr("inf")));
}

TEST(CornerTest, RareWordsBecomeOneButNotTheTrueOne) {
  CornerAxis a{.name = "a", .values = {}, .truth = 19};
  for (int k = 0; k < 20; ++k) {
    a.words.push_back("w" + std::to_string(k));
    for (int times = k; times < 20 && k < 19; ++times) a.values.push_back(k);
  }
  const std::string svg = draw_corner({a});
  EXPECT_EQ(count_of(">w", svg), 11 + 1);  // and the likeliest in the title
  EXPECT_THAT(svg, HasSubstr(">w9<"));
  EXPECT_THAT(svg, Not(HasSubstr(">w10<")));
  EXPECT_THAT(svg, HasSubstr(">w19<"));
  EXPECT_THAT(svg, HasSubstr(">others<"));
}

TEST(CornerTest, AWordMayBeCalledOthers) {
  const std::string svg =
      draw_corner({{.name = "a", .values = {1, 1, 0}, .words = {"w", "others"}}});
  EXPECT_THAT(svg, HasSubstr(">others  67 %<"));
  EXPECT_THAT(svg, Not(HasSubstr("median"))) << "of words there is none";
}

TEST(CornerTest, WhatWasGivenStandsBelowOnLinesThatFit) {
  const std::string svg =
      draw_corner({{.name = "a", .values = {1, 2}}}, "given x=0.25, where y > 0");
  EXPECT_EQ(xml_mistake(svg), "");
  EXPECT_THAT(svg, HasSubstr(">median [5 %, 95 %]; given x=0.25, where<"));
  EXPECT_THAT(svg, HasSubstr(">y &gt; 0<"));
}

class CornerAxesTest : public testing::Test {
 protected:
  CornerAxesTest() { log::set_level(log::Level::kQuiet); }

  worlds::Schema schema_{{{.name = "x", .num_cells = 9},
                          {.name = "c", .kind = worlds::Kind::kCategory, .size = 2},
                          {.name = "v", .kind = worlds::Kind::kVector, .size = 3}},
                         1};
  worlds::Episodes samples_ = worlds::empty_episodes(schema_, 2);
};

TEST_F(CornerAxesTest, AreTheScalarsAndCategoriesThatAreAsked) {
  samples_.value[0][1][0][8] = 4;
  samples_.value[1][0] = 1;
  worlds::Episodes truth = worlds::empty_episodes(schema_, 1);
  truth.value[0][0][0][8] = 5;
  truth.present_BTV[0][0][8] = true;
  at::Tensor sites = at::zeros({1, 11}, at::kBool);
  sites[0].narrow(0, 8, 3).fill_(true);
  const auto axes = corner_axes(schema_, samples_, sites, truth);
  ASSERT_EQ(axes.size(), 2);
  EXPECT_EQ(axes[0].name, "x[8]");
  EXPECT_THAT(axes[0].values, ElementsAre(0, 4));
  EXPECT_EQ(axes[0].truth, 5);
  EXPECT_EQ(axes[1].name, "c");
  EXPECT_THAT(axes[1].values, ElementsAre(1, 0));
  EXPECT_THAT(axes[1].words, ElementsAre("0", "1"));
  EXPECT_FALSE(axes[1].truth);
}

TEST_F(CornerAxesTest, AreEightAtMostAndOneAtLeast) {
  EXPECT_EQ(corner_axes(schema_, samples_, at::ones({1, 11}, at::kBool)).size(), 8);
  at::Tensor vector_alone = at::zeros({1, 11}, at::kBool);
  vector_alone[0][10] = true;
  EXPECT_THAT([&] { corner_axes(schema_, samples_, vector_alone); },
              ThrowsMessage<Error>("--corner: nothing that is asked is a scalar or a category"));
}

}  // namespace
}  // namespace limbic::app
