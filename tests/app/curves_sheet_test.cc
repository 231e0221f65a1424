#include "limbic/app/curves_sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "xml_mistake.h"

namespace limbic::app {
namespace {

using testing::HasSubstr;
using testing::Not;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

/// Of one run with one metric.
CurvesSheet sheet_of(const std::string& metric, MetricCurve curve) {
  const int64_t last = curve.rbegin()->first;
  return {.names = {"mine"},
          .runs = {{.run = "runs/mine", .step = last, .metrics = {{metric, std::move(curve)}}}},
          .stages = {},
          .metrics = {metric}};
}

int count(std::string_view word, const std::string& text) {
  int number = 0;
  for (size_t at = 0; (at = text.find(word, at)) != std::string::npos; at += word.size()) ++number;
  return number;
}

TEST(CurvesSheetTest, HasOneLineARunAndMetricInTheRunsColour) {
  const std::map<std::string, MetricCurve> measured{{"eval/a", {{0, 1}, {9, 2}}},
                                                    {"loss/b", {{0, 1}, {9, 2}}}};
  const std::string svg = draw_curves({.names = {"first", "<second>"},
                                       .runs = {{.run = "1", .step = 9, .metrics = measured},
                                                {.run = "2", .step = 9, .metrics = measured}},
                                       .stages = {},
                                       .metrics = {"eval/a", "loss/b"}});
  EXPECT_EQ(xml_mistake(svg), "");
  EXPECT_EQ(count("<polyline ", svg), 4);
  EXPECT_EQ(count("<polyline fill='none' stroke='#332288'", svg), 2);
  EXPECT_EQ(count("<polyline fill='none' stroke='#cc6677'", svg), 2);
  EXPECT_EQ(count("<circle", svg), 0);
  for (const auto* text : {">first<", ">&lt;second&gt;<", ">eval/a<", ">loss/b<"})
    EXPECT_EQ(count(text, svg), 1) << text;
  EXPECT_THAT(svg, HasSubstr("<rect width='100%' height='100%' fill='white'/>"));
}

TEST(CurvesSheetTest, OfARunThatLacksAMetricThereIsNoLine) {
  CurvesSheet sheet = sheet_of("loss/a", {{0, 1}, {1, 2}});
  sheet.names.emplace_back("other");
  sheet.runs.push_back({.run = "other", .step = 1, .metrics = {{"loss/b", {{0, 1}, {1, 2}}}}});
  EXPECT_EQ(count("<polyline ", draw_curves(sheet)), 1);
}

TEST(CurvesSheetTest, StepsRunAcrossAndValuesUp) {
  EXPECT_THAT(draw_curves(sheet_of("loss/a", {{0, 0}, {1, 1}, {2, 2}})),
              HasSubstr(" points='0,150 180,75 360,0 '"));
  EXPECT_THAT(draw_curves(sheet_of("loss/a", {{0, 2}, {1, 2}})),
              HasSubstr(" points='0,75 360,75 '"));
}

TEST(CurvesSheetTest, LossesFarApartStandOnALogarithmicAxis) {
  const MetricCurve curve{{0, 100}, {40, 10}, {80, 1}};
  const std::string svg = draw_curves(sheet_of("loss/a", curve));
  EXPECT_THAT(svg, HasSubstr(">loss/a (logarithmic)<"));
  EXPECT_THAT(svg, HasSubstr(" points='0,5.5556 180,75 360,144.44 '"));
  for (const auto* label : {">1<", ">2<", ">5<", ">10<", ">50<", ">100<"})
    EXPECT_THAT(svg, HasSubstr(label));
  const MetricCurve not_so_far{{0, 20}, {1, 1}}, with_zero{{0, 100}, {1, 0}};
  for (const auto& linear :
       {sheet_of("eval/a", curve), sheet_of("loss/a", not_so_far), sheet_of("loss/a", with_zero)})
    EXPECT_THAT(draw_curves(linear), Not(HasSubstr("logarithmic")));
}

TEST(CurvesSheetTest, WhatIsNotFiniteBreaksTheLine) {
  for (const double gap : {kNan, kInfinity, -kInfinity}) {
    const std::string svg =
        draw_curves(sheet_of("loss/a", {{0, 0}, {1, 1}, {2, gap}, {3, 1}, {4, 2}}));
    EXPECT_THAT(svg, HasSubstr(" points='0,150 90,75 '"));
    EXPECT_THAT(svg, HasSubstr(" points='270,75 360,0 '"));
    EXPECT_EQ(count("<polyline ", svg), 2);
    EXPECT_THAT(svg, Not(HasSubstr("nan")));
    EXPECT_THAT(svg, Not(HasSubstr("inf")));
  }
  const std::string svg = draw_curves(sheet_of("loss/a", {{0, kNan}, {1, kInfinity}}));
  EXPECT_THAT(svg, HasSubstr(">loss/a (no finite value)<"));
  EXPECT_EQ(count("<polyline ", svg), 0);
}

TEST(CurvesSheetTest, WhatWasMeasuredOnceIsAPoint) {
  const std::string svg = draw_curves(sheet_of("eval/a", {{4, 1}}));
  EXPECT_THAT(svg, HasSubstr("<circle cx='360' cy='75' "));
  EXPECT_EQ(count("<polyline ", svg), 0);
}

TEST(CurvesSheetTest, OfALongCurveItDraws2000Points) {
  MetricCurve curve;
  for (int i = 0; i <= 5000; ++i) curve[i] = i;
  const std::string svg = draw_curves(sheet_of("loss/a", curve));
  const size_t begin = svg.find(" points='"), end = svg.find("'/>", begin);
  EXPECT_EQ(count(",", svg.substr(begin, end - begin)), 2000);
}

TEST(CurvesSheetTest, StagesBeginAtDashedLinesWithTheirNames) {
  CurvesSheet sheet = sheet_of("loss/a", {{0, 1}, {10, 2}});
  sheet.stages = {{0, "see"}};
  EXPECT_EQ(count("stroke-dasharray", draw_curves(sheet)), 0);
  sheet.stages = {{0, "see"}, {5, "fear"}};
  const std::string svg = draw_curves(sheet);
  EXPECT_EQ(count("stroke-dasharray", svg), 1);
  EXPECT_THAT(svg, HasSubstr("<path d='M180 0v150' "));
  EXPECT_THAT(svg, HasSubstr("<text x='0' y='-4' font-size='11' fill='#555'>see<"));
  EXPECT_THAT(svg, HasSubstr("<text x='180' y='-4' font-size='11' fill='#555'>fear<"));
  EXPECT_THAT(svg, HasSubstr("where stages of mine began."));
}

TEST(CurvesSheetTest, ANameThatWouldRunIntoTheOneBeforeIsLeftOut) {
  CurvesSheet sheet = sheet_of("loss/a", {{0, 1}, {100, 2}});
  sheet.stages = {{0, "first"}, {1, "second"}, {99, "third"}};
  const std::string svg = draw_curves(sheet);
  EXPECT_EQ(count("stroke-dasharray", svg), 2);
  EXPECT_EQ(count(">second<", svg), 0);
  EXPECT_THAT(svg, HasSubstr("<text x='328' y='-4' font-size='11' fill='#555'>third<"));
}

}  // namespace
}  // namespace limbic::app
