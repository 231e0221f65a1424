#include "limbic/app/sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>
#include <sstream>

#include "limbic/app/svg.h"
#include "limbic/core/error.h"

namespace limbic::app {
namespace {

constexpr int kColumns = 4;
constexpr double kWidth = 330, kHeight = 236, kPlotWidth = 270, kPlotHeight = 120;
constexpr double kLeft = 34, kTop = 44;
constexpr std::array<const char*, 6> kColours{"#1b6ca8", "#d1495b", "#3c8d53",
                                              "#b07d12", "#6d4c9f", "#4d4d4d"};

/// The words of a long line on several.
std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines{""};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + word.size() + 1 > width)
      lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

class Panel {
 public:
  Panel(const Finding& finding, Svg& svg) : finding_(finding), svg_(svg), out_(svg.out()) {
    for (const LearningCurve& curve : finding.curves) {
      last_ = std::max(last_, curve.index.back());
      for (const double v : curve.mean) {
        low_ = std::min(low_, v);
        high_ = std::max(high_, v);
      }
    }
    high_ = std::ceil(high_ * 2) / 2;
    low_ = std::floor(low_ * 2) / 2;
  }

  void draw(double x, double y) {
    svg_.open(x, y);
    title();
    axes();
    std::map<std::string, size_t> colour;
    std::map<std::string, bool> dashed;
    for (const LearningCurve& curve : finding_.curves) {
      colour.try_emplace(curve.trial, colour.size());
      dashed.try_emplace(curve.group, !dashed.empty());
      line(curve, kColours[colour[curve.trial] % kColours.size()], dashed[curve.group]);
    }
    legend(colour, dashed);
    svg_.close();
  }

 private:
  void title() {
    const std::string verdict =
        std::to_string(finding_.num_passed()) + "/" + std::to_string(finding_.holds_S.size());
    const std::string title =
        finding_.name.substr(0, finding_.name.find('_')) + "  " + finding_.phenomenon;
    constexpr size_t kFits = 36;  // letters at full size
    const double size = 12.0 * kFits / static_cast<double>(std::max(title.size(), kFits));
    svg_.text(0, 12, title, concat("font-size='", size, "' font-weight='bold'"));
    svg_.text(kWidth - 26, 12, verdict,
              finding_.is_reached() ? "font-size='12' text-anchor='end' fill='#3c8d53'"
                                    : "font-size='12' text-anchor='end' fill='#d1495b'");
    double y = 25;
    for (const std::string& row : wrapped(finding_.criterion, 66)) {
      if (y > 36) break;
      svg_.text(0, y, row, "font-size='8.5' fill='#555'");
      y += 10;
    }
  }

  [[nodiscard]] double across(double index) const {
    return kLeft + kPlotWidth * index / std::max(last_, 1.0);
  }
  [[nodiscard]] double down(double value) const {
    return kTop + kPlotHeight * (high_ - value) / (high_ - low_);
  }

  void axes() {
    for (const double v : multiples(low_, high_, std::max(0.5, nice_step(high_ - low_, 6)))) {
      out_ << "<path d='M" << kLeft << " " << down(v) << "h" << kPlotWidth << "' stroke='"
           << (v == 0 ? "#999" : "#e4e4e4") << "'/>";
      svg_.text(kLeft - 5, down(v) + 3, axis_number(v),
                "font-size='8.5' text-anchor='end' fill='#555'");
    }
    constexpr std::array<const char*, 4> kAxes{"trial", "tick", "cue", "cell"};
    svg_.text(kLeft + kPlotWidth, kTop + kPlotHeight + 11,
              concat(kAxes[static_cast<size_t>(finding_.axis)], " ", std::llround(last_)),
              "font-size='8.5' text-anchor='end' fill='#555'");
  }

  void line(const LearningCurve& curve, const char* colour, bool is_dashed) {
    if (curve.index.size() == 1) {  // a probe
      out_ << "<circle cx='" << across(curve.index[0]) << "' cy='" << down(curve.mean[0])
           << "' r='2.4' fill='" << (is_dashed ? "white" : colour) << "' stroke='" << colour
           << "'/>";
      return;
    }
    out_ << "<polyline fill='none' stroke='" << colour << "' stroke-width='1.4'"
         << (is_dashed ? " stroke-dasharray='4 3'" : "") << " points='";
    for (size_t i = 0; i < curve.index.size(); ++i)
      out_ << across(curve.index[i]) << "," << down(curve.mean[i]) << " ";
    out_ << "'/>";
  }

  void legend(const std::map<std::string, size_t>& colour,
              const std::map<std::string, bool>& dashed) {
    double x = kLeft;
    double y = kTop + kPlotHeight + 24;
    const auto entry = [&](const std::string& word, const std::string& style) {
      const double width = 7.0 + 5.4 * static_cast<double>(word.size());
      if (x + width > kWidth - 20) {
        x = kLeft;
        y += 11;
      }
      if (y > kHeight - 8) return;
      svg_.text(x, y, word, style);
      x += width;
    };
    for (const auto& [trial, index] : colour)
      entry(trial, std::string("font-size='9.5' fill='") + kColours[index % kColours.size()] + "'");
    if (dashed.size() < 2) return;
    for (const auto& [group, is_dashed] : dashed)
      entry((is_dashed ? "- - " : "— ") + group, "font-size='9' fill='#555'");
  }

  const Finding& finding_;
  Svg& svg_;
  std::ostream& out_;
  double last_ = 1, low_ = 0, high_ = 1;
};

}  // namespace

std::string draw_sheet(const std::vector<Finding>& findings) {
  const auto rows = (findings.size() + kColumns - 1) / kColumns;
  const double width = kColumns * kWidth + 20;
  const double height = static_cast<double>(rows) * kHeight + 30;
  Svg svg(width, height);
  for (size_t i = 0; i < findings.size(); ++i) {
    Panel(findings[i], svg)
        .draw(20 + kWidth * static_cast<double>(i % kColumns),
              20 + kHeight * static_cast<double>(i / kColumns));
  }
  return std::move(svg).finish();
}

}  // namespace limbic::app
