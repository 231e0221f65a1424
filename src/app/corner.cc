#include "limbic/app/corner.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "limbic/app/svg.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/text.h"
#include "limbic/inference/summary.h"
#include "limbic/worlds/row.h"
#include "limbic/worlds/site.h"

namespace limbic::app {
namespace {

constexpr double kPanel = 132, kGap = 10, kLeft = 62, kTop = 40, kRight = 16;
constexpr double kBelowNumbers = 38, kBelowWords = 62;
constexpr double kCaptionLine = 12, kLetter = 4.8;  // height, and width of one in it
constexpr size_t kMostWords = 12, kFewSamples = 300;
constexpr const char* kInk = "#24476b";
constexpr const char* kFill = "#9dbedb";
constexpr const char* kTruth = "#d55e00";  // vermilion and blue differ for every eye
constexpr const char* kSmall = "font-size='9' fill='#444'";

struct Rgb {
  double red, green, blue;
};
constexpr Rgb kPale{233, 241, 248}, kDeep{12, 44, 92};

std::string shade(double strength) {
  const auto mix = [&](double pale, double deep) {
    return std::lround(pale + (deep - pale) * strength);
  };
  return concat("rgb(", mix(kPale.red, kDeep.red), ",", mix(kPale.green, kDeep.green), ",",
                mix(kPale.blue, kDeep.blue), ")");
}

// Keeps the words that occur, or are true, and of those the most frequent.
void keep_frequent_words(CornerAxis& axis) {
  std::map<int64_t, int64_t> count;
  for (const double value : axis.values) ++count[std::lround(value)];
  if (axis.truth) count[std::lround(*axis.truth)] += std::ssize(axis.values);
  std::vector<int64_t> kept;
  for (const auto& [word, times] : count) kept.push_back(word);
  if (kept.size() > kMostWords) {
    std::ranges::stable_sort(kept, std::greater{}, [&](int64_t word) { return count[word]; });
    kept.resize(kMostWords - 1);
    std::ranges::sort(kept);
  }
  const auto place = [&](double value) {
    return static_cast<double>(std::ranges::find(kept, std::lround(value)) - kept.begin());
  };
  std::ranges::transform(axis.values, axis.values.begin(), place);
  if (axis.truth) axis.truth = place(*axis.truth);
  std::vector<std::string> words;
  for (const int64_t word : kept) words.push_back(axis.words[word]);
  axis.has_others = kept.size() < count.size();
  if (axis.has_others) words.emplace_back("others");
  axis.words = words;
}

/// Where the values of one axis lie in its panel.
struct Scale {
  double low = 0, high = 1;
  int64_t bins = 1;

  explicit Scale(const CornerAxis& axis) {
    if (!axis.words.empty()) {
      bins = std::ssize(axis.words);
      low = -0.5;
      high = static_cast<double>(bins) - 0.5;
      return;
    }
    auto [least, most] = std::ranges::minmax(axis.values);
    if (axis.truth) {
      least = std::min(least, *axis.truth);
      most = std::max(most, *axis.truth);
    }
    const double margin = most > least ? 0.03 * (most - least) : 0.5 * (std::abs(most) + 1);
    low = least - margin;
    high = most + margin;
    bins = std::clamp<int64_t>(std::lround(0.6 * std::sqrt(axis.values.size())), 10, 44);
  }

  [[nodiscard]] double share(double value) const { return (value - low) / (high - low); }
  [[nodiscard]] int64_t bin(double value) const {
    return std::clamp<int64_t>(static_cast<int64_t>(share(value) * static_cast<double>(bins)), 0,
                               bins - 1);
  }
  [[nodiscard]] double width() const { return kPanel / static_cast<double>(bins); }
};

class Corner {
 public:
  Corner(const std::vector<CornerAxis>& axes, const std::string& caption)
      : axes_(axes),
        size_(std::ssize(axes)),
        caption_(wrapped(caption, static_cast<size_t>((width() - kRight) / kLetter))),
        svg_(width(), bottom() + kCaptionLine * static_cast<double>(caption_.size())) {
    for (const CornerAxis& axis : axes) scales_.emplace_back(axis);
  }

  std::string draw() {
    for (int64_t row = 0; row < size_; ++row) {
      for (int64_t column = 0; column <= row; ++column) {
        svg_.open(kLeft + static_cast<double>(column) * (kPanel + kGap),
                  kTop + static_cast<double>(row) * (kPanel + kGap));
        if (row == column)
          marginal(row);
        else
          pair(column, row);
        frame();
        if (row == size_ - 1) label_below(column);
        if (column == 0 && row > 0) label_left(row);
        svg_.close();
      }
    }
    for (size_t i = 0; i < caption_.size(); ++i)
      svg_.text(kRight, bottom() + kCaptionLine * static_cast<double>(i), caption_[i], kSmall);
    return std::move(svg_).finish();
  }

 private:
  [[nodiscard]] double extent() const {
    return static_cast<double>(size_) * (kPanel + kGap) - kGap;
  }

  [[nodiscard]] double width() const { return kLeft + extent() + kRight; }
  [[nodiscard]] double bottom() const { return kTop + extent() + below(); }

  // Room for what stands under the last row of panels.
  [[nodiscard]] double below() const {
    const bool has_words =
        std::ranges::any_of(axes_, [](const CornerAxis& axis) { return !axis.words.empty(); });
    return has_words ? kBelowWords : kBelowNumbers;
  }

  void rectangle(double x, double y, double width, double height, const std::string& style) {
    svg_.out() << "<rect x='" << x << "' y='" << y << "' width='" << width << "' height='" << height
               << "' " << style << "/>";
  }
  void line(double x, double y, const std::string& path, const std::string& style) {
    svg_.out() << "<path d='M" << x << " " << y << path << "' " << style << "/>";
  }

  void frame() { rectangle(0, 0, kPanel, kPanel, "fill='none' stroke='#888' stroke-width='0.8'"); }

  void marginal(int64_t i) {
    const CornerAxis& axis = axes_[i];
    const Scale& scale = scales_[i];
    std::vector<double> height(scale.bins);
    for (const double value : axis.values) ++height[scale.bin(value)];
    const double unit = 0.93 * kPanel / std::ranges::max(height);
    const bool is_category = !axis.words.empty();
    std::string outline;
    for (int64_t b = 0; b < scale.bins; ++b) {
      const double tall = unit * height[b];
      if (is_category)
        rectangle((static_cast<double>(b) + 0.15) * scale.width(), kPanel - tall,
                  0.7 * scale.width(), tall, concat("fill='", kFill, "'"));
      outline += concat("V", kPanel - tall, "h", scale.width());
    }
    if (!is_category)
      line(0, kPanel, concat(outline, "V", kPanel, "Z"),
           concat("fill='", kFill, "' stroke='", kInk, "' stroke-width='1.1'"));
    if (axis.truth) line(kPanel * scale.share(*axis.truth), 0, concat("v", kPanel), truth_style());
    svg_.text(0, -18, axis.name, "font-size='12' font-weight='bold' fill='#222'");
    svg_.text(0, -6, is_category ? likeliest(axis, height) : middle(axis), kSmall);
  }

  static std::string truth_style() {
    return concat("fill='none' stroke='", kTruth, "' stroke-width='1.4'");
  }

  static std::string middle(const CornerAxis& axis) {
    const at::Tensor found_Q =
        inference::summary_of(at::tensor(axis.values, at::kDouble), {0.05, 0.5, 0.95}).quantiles;
    const auto at = [&](int64_t q) { return found_Q[q].item<double>(); };
    const auto text = [&](int64_t q) { return number_beside(at(q), at(2) - at(0)); };
    return concat(text(1), "  [", text(0), ", ", text(2), "]");
  }

  static std::string likeliest(const CornerAxis& axis, const std::vector<double>& height) {
    const auto most = std::max_element(height.begin(), height.end() - axis.has_others);
    const double share = *most / static_cast<double>(axis.values.size());
    return concat(shortened(axis.words[most - height.begin()], 16), "  ", std::lround(100 * share),
                  " %");
  }

  void pair(int64_t across, int64_t down) {
    const CornerAxis &x = axes_[across], &y = axes_[down];
    if (x.values.size() <= kFewSamples && x.words.empty() && y.words.empty())
      points(across, down);
    else
      density(across, down);
    const double at_x = x.truth ? kPanel * scales_[across].share(*x.truth) : 0;
    const double at_y = y.truth ? kPanel * (1 - scales_[down].share(*y.truth)) : 0;
    if (x.truth) line(at_x, 0, concat("v", kPanel), truth_style());
    if (y.truth) line(0, at_y, concat("h", kPanel), truth_style());
    if (x.truth && y.truth)
      svg_.out() << "<circle cx='" << at_x << "' cy='" << at_y << "' r='3' fill='" << kTruth
                 << "' stroke='white' stroke-width='0.8'/>";
  }

  void points(int64_t across, int64_t down) {
    svg_.out() << "<g fill='" << kInk << "' fill-opacity='0.45'>";
    for (size_t s = 0; s < axes_[across].values.size(); ++s) {
      svg_.out() << "<circle cx='" << kPanel * scales_[across].share(axes_[across].values[s])
                 << "' cy='" << kPanel * (1 - scales_[down].share(axes_[down].values[s]))
                 << "' r='1.5'/>";
    }
    svg_.out() << "</g>";
  }

  void density(int64_t across, int64_t down) {
    const Scale &x = scales_[across], &y = scales_[down];
    std::vector<double> count(x.bins * y.bins);
    for (size_t s = 0; s < axes_[across].values.size(); ++s)
      ++count[y.bin(axes_[down].values[s]) * x.bins + x.bin(axes_[across].values[s])];
    const double most = std::ranges::max(count);
    for (int64_t b = 0; b < std::ssize(count); ++b) {
      if (count[b] == 0) continue;
      // A little wider than the bin, so that no white line shows between neighbours.
      rectangle(static_cast<double>(b % x.bins) * x.width(),
                kPanel - static_cast<double>(b / x.bins + 1) * y.width(), x.width() + 0.2,
                y.width() + 0.2, concat("fill='", shade(std::sqrt(count[b] / most)), "'"));
    }
  }

  static std::string shortened(const std::string& word, size_t letters) {
    if (word.size() <= letters) return word;
    size_t end = letters - 1;
    while (end > 0 && (static_cast<unsigned char>(word[end]) & 0xc0) == 0x80) --end;
    return word.substr(0, end) + "…";
  }

  /// Calls mark(share of the panel, label) at each tick of an axis.
  void each_tick(int64_t i, auto&& mark) const {
    const Scale& scale = scales_[i];
    if (axes_[i].words.empty()) {
      const double step = nice_step(scale.high - scale.low, 4);
      for (const double v : multiples(scale.low, scale.high, step))
        mark(scale.share(v), number_beside(v, step));
      return;
    }
    for (int64_t b = 0; b < scale.bins; ++b)
      mark(scale.share(static_cast<double>(b)), shortened(axes_[i].words[b], 11));
  }

  void label_below(int64_t i) {
    const bool is_slanted = !axes_[i].words.empty();
    each_tick(i, [&](double share, const std::string& label) {
      const double x = kPanel * share;
      line(x, kPanel, "v4", "stroke='#888' stroke-width='0.8'");
      svg_.text(x, kPanel + 13, label,
                is_slanted ? concat(kSmall, " text-anchor='end' transform='rotate(-40 ", x, " ",
                                    kPanel + 13, ")'")
                           : concat(kSmall, " text-anchor='middle'"));
    });
    if (!is_slanted)
      svg_.text(kPanel / 2, kPanel + 29, axes_[i].name,
                "font-size='11' text-anchor='middle' fill='#222'");
  }

  void label_left(int64_t i) {
    each_tick(i, [&](double share, const std::string& label) {
      const double y = kPanel * (1 - share);
      line(0, y, "h-4", "stroke='#888' stroke-width='0.8'");
      svg_.text(-7, y + 3, label, concat(kSmall, " text-anchor='end'"));
    });
    if (!axes_[i].words.empty()) return;
    svg_.text(-kLeft + 16, kPanel / 2, axes_[i].name,
              concat("font-size='11' text-anchor='middle' fill='#222' transform='rotate(-90 ",
                     -kLeft + 16, " ", kPanel / 2, ")'"));
  }

  const std::vector<CornerAxis>& axes_;
  int64_t size_;
  std::vector<std::string> caption_;
  Svg svg_;
  std::vector<Scale> scales_;
};

std::vector<std::string> words_of(const worlds::Variable& variable) {
  std::vector<std::string> words = variable.names;
  if (variable.kind != worlds::Kind::kCategory || !words.empty()) return words;
  for (int64_t k = 0; k < variable.size; ++k) words.push_back(std::to_string(k));
  return words;
}

}  // namespace

std::vector<CornerAxis> corner_axes(const worlds::Schema& schema, const worlds::Episodes& samples,
                                    const at::Tensor& sites_TV,
                                    const std::optional<worlds::Episodes>& truth) {
  std::vector<CornerAxis> axes;
  size_t num_asked = 0;
  const auto wanted = sites_TV.accessor<bool, 2>();
  for (const worlds::Site& site : worlds::sites_of(schema)) {
    const worlds::Variable& variable = schema[site.variable];
    if (!wanted[site.tick][site.row_cell] || variable.kind == worlds::Kind::kVector) continue;
    if (++num_asked > kMostCornerAxes) continue;
    const auto of = [&](const worlds::Episodes& episodes) {
      return at_site(episodes.value[site.variable], site).to(at::kCPU, at::kDouble).contiguous();
    };
    CornerAxis axis{
        .name = worlds::site_name(schema, site), .values = {}, .words = words_of(variable)};
    const at::Tensor values_B = of(samples);
    axis.values.assign(values_B.const_data_ptr<double>(),
                       values_B.const_data_ptr<double>() + values_B.numel());
    if (truth && truth->present_BTV[0][site.tick][site.row_cell].item<bool>())
      axis.truth = of(*truth)[0].item<double>();
    axes.push_back(std::move(axis));
  }
  if (axes.empty()) throw input_error("--corner: nothing that is asked is a scalar or a category");
  if (num_asked > axes.size())
    log::info(concat("--corner: the first ", axes.size(), " of ", num_asked, " are drawn"));
  return axes;
}

std::string draw_corner(std::vector<CornerAxis> axes, const std::string& about) {
  std::string caption = about;
  for (CornerAxis& axis : axes) {
    if (!axis.words.empty()) keep_frequent_words(axis);
  }
  if (std::ranges::any_of(axes, [](const CornerAxis& axis) { return axis.words.empty(); }))
    caption = concat("median [5 %, 95 %]", about.empty() ? "" : "; ", about);
  return Corner(axes, caption).draw();
}

}  // namespace limbic::app
