#include "limbic/app/curves_sheet.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <utility>

#include "limbic/app/svg.h"
#include "limbic/core/error.h"
#include "limbic/core/text.h"

namespace limbic::app {
namespace {

constexpr size_t kMostPoints = 2000;  // of a line
constexpr size_t kMostColumns = 3;
constexpr size_t kCaptionLetters = 70;  // below a panel
constexpr double kWidth = 440, kPlotWidth = 360, kPlotHeight = 150, kLeft = 56, kMargin = 20;
constexpr double kAbove = 2 * kTextRow + 6;  // a metric's name, and those of stages
constexpr double kHeight = kAbove + kPlotHeight + kTextRow + kMargin;
constexpr double kLogarithmicFrom = 20;  // least factor between a loss's values
constexpr double kAir = .04;             // of a logarithmic axis, beyond its values

struct Look {
  const char* colour;
  const char* dashes;
};

Look look_of(size_t run) {
  return {kLineColours[run % kLineColours.size()],
          kLineDashes[run / kLineColours.size() % kLineDashes.size()]};
}

struct Range {
  double low, high;
};

// Of the finite values of all runs; none where there are none.
std::optional<Range> range_of(const CurvesSheet& sheet, const std::string& metric) {
  std::optional<Range> range;
  for (const RunCurves& run : sheet.runs) {
    const auto found = run.metrics.find(metric);
    if (found == run.metrics.end()) continue;
    for (const auto& [step, value] : found->second) {
      if (!std::isfinite(value)) continue;
      if (!range) range = Range{value, value};
      *range = {std::min(range->low, value), std::max(range->high, value)};
    }
  }
  return range;
}

struct Tick {
  double value;
  std::string label;
};

/// The vertical axis of a panel.
class ValueAxis {
 public:
  ValueAxis(Range values, bool is_logarithmic) : is_logarithmic_(is_logarithmic) {
    is_logarithmic ? fit_powers(values) : fit_steps(values);
  }

  [[nodiscard]] double down(double value) const {
    const double place = is_logarithmic_ ? std::log10(value) : value;
    return kPlotHeight * (high_ - place) / (high_ - low_);
  }
  [[nodiscard]] const std::vector<Tick>& ticks() const { return ticks_; }

 private:
  void fit_steps(Range values) {
    if (values.low == values.high) {
      const double air = values.low == 0 ? 1 : std::abs(values.low) / 10;
      values = {values.low - air, values.high + air};
    }
    const double step = nice_step(values.high - values.low, 5);
    low_ = std::floor(values.low / step + 1e-6) * step;
    high_ = std::ceil(values.high / step - 1e-6) * step;
    for (const double v : multiples(low_, high_, step))
      ticks_.push_back({v, number_beside(v, step)});
  }

  void fit_powers(Range values) {
    low_ = std::log10(values.low);
    high_ = std::log10(values.high);
    const double decades = high_ - low_, air = kAir * decades;
    low_ -= air;
    high_ += air;
    const auto stride = std::max<int64_t>(1, std::llround(decades / 5));
    const auto last = std::llround(std::floor(high_));
    for (auto power = std::llround(std::floor(low_)); power <= last; ++power) {
      if (power % stride != 0) continue;
      for (const int digit : {1, 2, 5}) {
        const double v = digit * std::pow(10.0, static_cast<double>(power));
        const bool is_within = std::log10(v) >= low_ && std::log10(v) <= high_;
        if (is_within && (digit == 1 || decades < 3)) ticks_.push_back({v, concat(v)});
      }
    }
  }

  bool is_logarithmic_;
  double low_ = 0, high_ = 1;  // powers of ten, if it is
  std::vector<Tick> ticks_;
};

bool wants_logarithm(const std::string& metric, Range values) {
  return metric.starts_with("loss/") && values.low > 0 &&
         values.high > kLogarithmicFrom * values.low;
}

class Panel {
 public:
  Panel(const CurvesSheet& sheet, const std::string& metric, double last)
      : sheet_(sheet),
        metric_(metric),
        last_(last),
        values_(range_of(sheet, metric)),
        is_logarithmic_(values_ && wants_logarithm(metric, *values_)),
        axis_(values_.value_or(Range{0, 1}), is_logarithmic_) {}

  /// Its corner is at (x, y).
  void draw(Svg& svg, double x, double y) const {
    svg.open(x + kLeft, y + kAbove);
    svg.text(-kLeft, -kTextRow - 6,
             concat(metric_, is_logarithmic_ ? " (logarithmic)" : "",
                    values_ ? "" : " (no finite value)"),
             "font-size='13' font-weight='bold'");
    axes(svg);
    stages(svg);
    for (size_t r = 0; r < sheet_.runs.size(); ++r) {
      const auto found = sheet_.runs[r].metrics.find(metric_);
      if (found != sheet_.runs[r].metrics.end()) line(found->second, r, svg);
    }
    svg.close();
  }

 private:
  [[nodiscard]] double across(double step) const { return kPlotWidth * step / last_; }

  void axes(Svg& svg) const {
    for (const Tick& tick : axis_.ticks()) {
      const double y = axis_.down(tick.value);
      svg.out() << "<path d='M0 " << y << "h" << kPlotWidth << "' stroke='#e4e4e4'/>";
      svg.text(-5, y + 4, tick.label, kSmallTextToTheEnd);
    }
    svg.out() << "<path d='M0 0v" << kPlotHeight << "h" << kPlotWidth
              << "' fill='none' stroke='#999'/>";
    for (const double step : multiples(0, last_, std::max(1.0, nice_step(last_, 5)))) {
      svg.text(across(step), kPlotHeight + kTextRow, std::to_string(std::llround(step)),
               "font-size='11' text-anchor='middle' fill='#555'");
    }
  }

  // A name that would run into the one before is left out; its line is there.
  void stages(Svg& svg) const {
    if (sheet_.stages.size() < 2) return;
    double end = 0;
    for (const StageBegin& begin : sheet_.stages) {
      const double x = across(static_cast<double>(begin.step));
      if (begin.step > 0) {
        svg.out() << "<path d='M" << x << " 0v" << kPlotHeight
                  << "' stroke='#999' stroke-width='0.8' stroke-dasharray='3 3'/>";
      }
      const double width = kLetterWidth * static_cast<double>(begin.stage.size());
      const double left = std::min(x, kPlotWidth - width);
      if (left < end) continue;
      svg.text(left, -4, begin.stage, kSmallText);
      end = left + width + kLetterWidth;
    }
  }

  void line(const MetricCurve& curve, size_t run, Svg& svg) const {
    const auto [colour, dashes] = look_of(run);
    std::vector<PlotPoint> points;  // since the last that is not finite
    const auto draw = [&] {
      if (points.size() == 1) {
        svg.out() << "<circle cx='" << points[0].x << "' cy='" << points[0].y << "' r='2.8' fill='"
                  << colour << "'/>";
      } else if (!points.empty()) {
        svg.polyline(points, line_style(colour, dashes));
      }
      points.clear();
    };
    for (const CurvePoint& point : thinned(curve, kMostPoints)) {
      if (std::isfinite(point.value))
        points.push_back({across(point.step), axis_.down(point.value)});
      else
        draw();
    }
    draw();
  }

  const CurvesSheet& sheet_;
  const std::string& metric_;
  double last_;  // step
  std::optional<Range> values_;
  bool is_logarithmic_;
  ValueAxis axis_;
};

Legend legend_of(const std::vector<std::string>& names, double width) {
  Legend legend(width);
  for (size_t i = 0; i < names.size(); ++i) {
    const auto [colour, dashes] = look_of(i);
    legend.add(names[i], colour, dashes);
  }
  return legend;
}

}  // namespace

std::string draw_curves(const CurvesSheet& sheet) {
  int64_t last = 1;
  for (const RunCurves& run : sheet.runs) last = std::max(last, run.step);
  const size_t columns = std::min(sheet.metrics.size(), kMostColumns);
  const auto rows = static_cast<double>((sheet.metrics.size() + columns - 1) / columns);
  const double width = kWidth * static_cast<double>(columns) + kMargin;
  const Legend legend = legend_of(sheet.names, width - 2 * kMargin);
  const std::string about = sheet.stages.size() < 2 ? ""
                                                    : concat(" Dashed upright: where stages of ",
                                                             sheet.names.front(), " began.");
  const auto caption = wrapped("Across: steps." + about, kCaptionLetters * columns);
  const double top = kMargin + kTextRow + legend.depth() + kMargin;
  double y = top + rows * kHeight + kTextRow;
  Svg svg(width, y + kTextRow * static_cast<double>(caption.size() - 1) + kMargin);
  svg.open(kMargin, kMargin + kTextRow);
  legend.draw(svg);
  svg.close();
  for (size_t i = 0; i < sheet.metrics.size(); ++i) {
    Panel(sheet, sheet.metrics[i], static_cast<double>(last))
        .draw(svg, kMargin + kWidth * static_cast<double>(i % columns),
              top + kHeight * static_cast<double>(i / columns));
  }
  for (const std::string& row : caption) {
    svg.text(kMargin, y, row, kSmallText);
    y += kTextRow;
  }
  return std::move(svg).finish();
}

}  // namespace limbic::app
