#include "limbic/app/sheet.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "limbic/app/svg.h"
#include "limbic/core/error.h"
#include "limbic/core/text.h"

namespace limbic::app {
namespace {

constexpr size_t kMostColumns = 3;
constexpr double kWidth = 440, kPlotWidth = 370, kPlotHeight = 150, kLeft = 40;
constexpr double kMargin = 20;
constexpr double kFitting = kWidth - kMargin;        // beside the next panel
constexpr size_t kTitleLetters = 46, kLetters = 70;  // that fit in a panel's row
constexpr size_t kCaptionLetters = 78;  // below a panel and what parts it from the next
constexpr const char* kCaption =
    "Line: mean prediction of the subjects, or the measure that the legend names. Dot: a trial "
    "shown once, hollow: not in the first group. Dashes: groups. Top right: subjects in which the "
    "criterion holds, green: in at least 90 % of them.";

/// Where a word is among those met so far, behind which a new one goes.
size_t index_of(const std::string& word, std::vector<std::string>& met) {
  const auto found = std::ranges::find(met, word);
  const auto index = static_cast<size_t>(found - met.begin());
  if (found == met.end()) met.push_back(word);
  return index;
}

class Panel {
 public:
  explicit Panel(const ProtocolResult& result)
      : result_(result),
        title_(wrapped(result.phenomenon, kTitleLetters)),
        criterion_(wrapped(result.criterion, kLetters)) {
    title_.front().insert(0, number_of(result.name) + "  ");
    std::vector<std::string> trials, groups;
    for (const LearningCurve& curve : result.curves) {
      last_ = std::max(last_, curve.index.back());
      for (const double v : curve.mean) {
        low_ = std::min(low_, v);
        high_ = std::max(high_, v);
      }
      trial_C_.push_back(index_of(curve.trial, trials));
      group_C_.push_back(index_of(curve.group, groups));
    }
    high_ = std::ceil(high_ * 2) / 2;
    low_ = std::floor(low_ * 2) / 2;
    for (size_t i = 0; i < trials.size(); ++i)
      legend_.add(trials[i], kLineColours[i % kLineColours.size()], kLineDashes[0]);
    if (groups.size() < 2) return;
    for (size_t i = 0; i < groups.size(); ++i)
      legend_.add(groups[i], "#555", kLineDashes[i % kLineDashes.size()]);
  }

  /// What stands above and below the plot.
  [[nodiscard]] double above() const {
    return kTextRow * static_cast<double>(title_.size() + criterion_.size());
  }
  [[nodiscard]] double below() const { return 2 * kTextRow + legend_.depth(); }

  /// Its corner is at (x, y), its plot's top `top` below that.
  void draw(Svg& svg, double x, double y, double top) const {
    svg.open(x, y);
    head(svg);
    svg.close();
    svg.open(x + kLeft, y + top);
    axes(svg);
    for (size_t c = 0; c < result_.curves.size(); ++c)
      line(result_.curves[c], kLineColours[trial_C_[c] % kLineColours.size()], group_C_[c], svg);
    svg.close();
    svg.open(x, y + top + kPlotHeight + 2 * kTextRow);
    legend_.draw(svg);
    svg.close();
  }

 private:
  void head(Svg& svg) const {
    double y = 0;
    for (const std::string& row : title_)
      svg.text(0, y += kTextRow, row, "font-size='13' font-weight='bold'");
    for (const std::string& row : criterion_) svg.text(0, y += kTextRow, row, kSmallText);
    svg.text(kFitting, kTextRow, concat(result_.num_passed(), "/", result_.holds_S.size()),
             result_.is_reached() ? "font-size='13' text-anchor='end' fill='#117733'"
                                  : "font-size='13' text-anchor='end' fill='#882255'");
  }

  [[nodiscard]] double across(double index) const {
    return kPlotWidth * index / std::max(last_, 1.0);
  }
  [[nodiscard]] double down(double value) const {
    return kPlotHeight * (high_ - value) / (high_ - low_);
  }

  void axes(Svg& svg) const {
    const double step = std::max(0.5, nice_step(high_ - low_, 6));
    for (const double v : multiples(low_, high_, step)) {
      svg.out() << "<path d='M0 " << down(v) << "h" << kPlotWidth << "' stroke='"
                << (v == 0 ? "#999" : "#e4e4e4") << "'/>";
      svg.text(-5, down(v) + 4, number_beside(v, step), kSmallTextToTheEnd);
    }
    constexpr std::array<const char*, 4> kAxes{"trials", "ticks", "cues", "cells"};
    svg.text(kPlotWidth / 2, kPlotHeight + kTextRow, kAxes[static_cast<size_t>(result_.axis)],
             "font-size='11' text-anchor='middle' fill='#555'");
    svg.text(kPlotWidth, kPlotHeight + kTextRow, std::to_string(std::llround(last_)),
             kSmallTextToTheEnd);
  }

  void line(const LearningCurve& curve, const char* colour, size_t group, Svg& svg) const {
    if (curve.index.size() == 1) {
      svg.out() << "<circle cx='" << across(curve.index[0]) << "' cy='" << down(curve.mean[0])
                << "' r='2.8' fill='" << (group > 0 ? "white" : colour) << "' stroke='" << colour
                << "'/>";
      return;
    }
    std::vector<PlotPoint> points;
    for (size_t i = 0; i < curve.index.size(); ++i)
      points.push_back({across(curve.index[i]), down(curve.mean[i])});
    svg.polyline(points, line_style(colour, kLineDashes[group % kLineDashes.size()]));
  }

  const ProtocolResult& result_;
  std::vector<std::string> title_, criterion_;
  std::vector<size_t> trial_C_, group_C_;  // of each curve, in order of appearance
  Legend legend_{kFitting};
  double last_ = 1, low_ = 0, high_ = 1;
};

}  // namespace

std::string draw_sheet(const std::vector<ProtocolResult>& results) {
  const std::vector<Panel> panels(results.begin(), results.end());
  double above = 0, below = 0;
  for (const Panel& panel : panels) {
    above = std::max(above, panel.above() + kTextRow);
    below = std::max(below, panel.below());
  }
  const double each = above + kPlotHeight + below + kMargin;
  const size_t columns = std::clamp<size_t>(panels.size(), 1, kMostColumns);
  const auto caption = wrapped(kCaption, kCaptionLetters * columns);
  const auto rows = static_cast<double>((panels.size() + columns - 1) / columns);
  double y = rows * each + 2 * kMargin;
  Svg svg(kWidth * static_cast<double>(columns) + kMargin,
          y + kTextRow * static_cast<double>(caption.size() - 1) + kMargin);
  for (size_t i = 0; i < panels.size(); ++i) {
    panels[i].draw(svg, kMargin + kWidth * static_cast<double>(i % columns),
                   kMargin + each * static_cast<double>(i / columns), above);
  }
  for (const std::string& line : caption) {
    svg.text(kMargin, y, line, kSmallText);
    y += kTextRow;
  }
  return std::move(svg).finish();
}

}  // namespace limbic::app
