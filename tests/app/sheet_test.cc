#include "limbic/app/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <regex>
#include <string>
#include <vector>

#include "xml_mistake.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Of three subjects, with one curve that rises to `highest`.
ProtocolResult result_of(double highest) {
  ProtocolResult result;
  result.name = "07_toy";
  result.phenomenon = "learning <fast> & slow";
  result.criterion = "A > 0 and A < 5";
  result.holds_S = {true, true, true};
  result.curves = {{.group = "", .trial = "A", .index = {0, 1}, .mean = {0, highest}}};
  return result;
}

/// What a pattern's bracket matches, in order.
std::vector<std::string> all_of(const std::string& pattern, const std::string& text) {
  const std::regex regex(pattern);
  std::vector<std::string> found;
  for (std::sregex_iterator at(text.begin(), text.end(), regex), end; at != end; ++at)
    found.push_back((*at)[1]);
  return found;
}

// Of its axes.
std::vector<std::string> labels_of(const ProtocolResult& result) {
  const std::string sheet = draw_sheet({result});
  const std::string style = "text-anchor='end' fill='#555'>";
  std::vector<std::string> labels;
  for (size_t at = 0; (at = sheet.find(style, at)) != std::string::npos;) {
    at += style.size();
    labels.push_back(sheet.substr(at, sheet.find('<', at) - at));
  }
  return labels;
}

TEST(SheetTest, IsXmlThatNamesEachPhenomenonAndItsResult) {
  std::vector<ProtocolResult> results(5, result_of(0.7));
  results[1].name = "T1_other";
  results[1].phenomenon = "another one";
  results[1].holds_S = {true, false, false};
  results[2].curves.clear();
  results[3].name = "1_burst";  // its number is what stands before its name
  const std::string sheet = draw_sheet(results);
  EXPECT_EQ(xml_mistake(sheet), "");
  EXPECT_THAT(sheet, HasSubstr("<svg xmlns='http://www.w3.org/2000/svg'"));
  EXPECT_THAT(sheet, HasSubstr(">07  learning &lt;fast&gt; &amp; slow<"));
  EXPECT_THAT(sheet, HasSubstr(">T1  another one<"));
  EXPECT_THAT(sheet, HasSubstr(">1  learning"));
  EXPECT_THAT(sheet, HasSubstr(">3/3<"));
  EXPECT_THAT(sheet, HasSubstr(">1/3<"));
  EXPECT_THAT(sheet, HasSubstr(">A &gt; 0 and A &lt; 5<"));
  EXPECT_THAT(sheet, HasSubstr(">Line: mean prediction"));
  EXPECT_EQ(sheet.find("nan"), std::string::npos);
  EXPECT_EQ(xml_mistake(draw_sheet({})), "");
}

TEST(SheetTest, EachTrialHasItsColourInOrderOfAppearanceAndEachGroupItsDashes) {
  ProtocolResult result = result_of(1);
  result.curves.clear();
  for (const auto* group : {"paid", "free", "none"}) {
    for (const auto* trial : {"B", "A"})
      result.curves.push_back({.group = group, .trial = trial, .index = {0, 1}, .mean = {0, 1}});
  }
  const std::string sheet = draw_sheet({result});
  EXPECT_THAT(
      all_of("<polyline fill='none' (.*?) points", sheet),
      ElementsAre("stroke='#332288' stroke-width='1.6'", "stroke='#cc6677' stroke-width='1.6'",
                  "stroke='#332288' stroke-width='1.6' stroke-dasharray='4 3'",
                  "stroke='#cc6677' stroke-width='1.6' stroke-dasharray='4 3'",
                  "stroke='#332288' stroke-width='1.6' stroke-dasharray='1 3'",
                  "stroke='#cc6677' stroke-width='1.6' stroke-dasharray='1 3'"));
  EXPECT_THAT(all_of(">(A|B|paid|free|none)<", sheet),
              ElementsAre("B", "A", "paid", "free", "none"));
}

TEST(SheetTest, NoWordOfALongCriterionOrLegendVanishesAndNoLetterIsSmall) {
  ProtocolResult result = result_of(1);
  result.criterion = "first";
  for (int i = 0; i < 80; ++i) result.criterion += " and claim" + std::to_string(i);
  for (int i = 0; i < 40; ++i) {
    result.curves.push_back(
        {.group = "", .trial = "trial_" + std::to_string(i), .index = {0, 1}, .mean = {0, 1}});
  }
  const std::string sheet = draw_sheet({result});
  EXPECT_EQ(all_of("(claim[0-9]+)", sheet).size(), 80);
  EXPECT_EQ(all_of(">(trial_[0-9]+)<", sheet).size(), 40);
  for (const std::string& size : all_of("font-size='([0-9.]+)'", sheet))
    EXPECT_GE(std::stod(size), 11);
}

TEST(SheetTest, IsAsWideAsItsPanelsAndOfThreeColumnsAtMost) {
  const auto width = [](size_t panels) {
    const std::string sheet = draw_sheet(std::vector<ProtocolResult>(panels, result_of(1)));
    return all_of("<svg [^>]* width='([0-9]+)'", sheet).at(0);
  };
  EXPECT_EQ(width(1), "460");
  EXPECT_EQ(width(2), "900");
  EXPECT_EQ(width(3), "1340");
  EXPECT_EQ(width(7), "1340");
}

TEST(SheetTest, OfOnePanelNoRowOfTheCaptionIsWiderThanThePicture) {
  const std::string sheet = draw_sheet({result_of(1)});
  for (const std::string& line : all_of(">([^<]*)</text>", sheet)) EXPECT_LE(line.size(), 78);
  EXPECT_THAT(sheet, HasSubstr(" in at least 90 % of them.</text>"));
}

TEST(SheetTest, HasLinesAtHalvesAndFewWhereNumbersAreLarge) {
  EXPECT_THAT(labels_of(result_of(1.7)), ElementsAre("0", "0.5", "1", "1.5", "2", "1"));
  EXPECT_THAT(labels_of(result_of(50)), ElementsAre("0", "10", "20", "30", "40", "50", "1"));
}

}  // namespace
}  // namespace limbic::app
