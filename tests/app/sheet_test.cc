#include "limbic/app/sheet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "xml_mistake.h"

namespace limbic::app {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

/// Of three subjects, with one curve that rises to `highest`.
Finding finding_of(double highest) {
  Finding finding;
  finding.name = "07_toy";
  finding.phenomenon = "learning <fast> & slow";
  finding.criterion = "A > 0 and A < 5";
  finding.holds_S = {true, true, true};
  finding.curves = {{.group = "", .trial = "A", .index = {0, 1}, .mean = {0, highest}}};
  return finding;
}

// Of its axes.
std::vector<std::string> labels_of(const Finding& finding) {
  const std::string sheet = draw_sheet({finding});
  const std::string style = "text-anchor='end' fill='#555'>";
  std::vector<std::string> labels;
  for (size_t at = 0; (at = sheet.find(style, at)) != std::string::npos;) {
    at += style.size();
    labels.push_back(sheet.substr(at, sheet.find('<', at) - at));
  }
  return labels;
}

TEST(SheetTest, IsXmlThatNamesEachPhenomenonAndItsResult) {
  std::vector<Finding> findings(5, finding_of(0.7));
  findings[1].name = "T1_other";
  findings[1].phenomenon = "another one";
  findings[1].holds_S = {true, false, false};
  findings[2].curves.clear();
  findings[3].name = "1_burst";  // its number is what stands before its name
  const std::string sheet = draw_sheet(findings);
  EXPECT_EQ(xml_mistake(sheet), "");
  EXPECT_THAT(sheet, HasSubstr("<svg xmlns='http://www.w3.org/2000/svg'"));
  EXPECT_THAT(sheet, HasSubstr(">07  learning &lt;fast&gt; &amp; slow<"));
  EXPECT_THAT(sheet, HasSubstr(">T1  another one<"));
  EXPECT_THAT(sheet, HasSubstr(">1  learning"));
  EXPECT_THAT(sheet, HasSubstr(">3/3<"));
  EXPECT_THAT(sheet, HasSubstr(">1/3<"));
  EXPECT_THAT(sheet, HasSubstr(">A &gt; 0 and A &lt; 5<"));
  EXPECT_EQ(sheet.find("nan"), std::string::npos);
  EXPECT_EQ(xml_mistake(draw_sheet({})), "");
}

TEST(SheetTest, HasLinesAtHalvesAndFewWhereNumbersAreLarge) {
  EXPECT_THAT(labels_of(finding_of(1.7)), ElementsAre("0", "0.5", "1", "1.5", "2", "trial 1"));
  EXPECT_THAT(labels_of(finding_of(50)), ElementsAre("0", "10", "20", "30", "40", "50", "trial 1"));
}

}  // namespace
}  // namespace limbic::app
