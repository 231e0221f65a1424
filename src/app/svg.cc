#include "limbic/app/svg.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iomanip>
#include <sstream>
#include <string>
#include <utility>

#include "limbic/core/error.h"

namespace limbic::app {
namespace {

constexpr int kMostDigits = 8;   // of a float32 more are hardly known
constexpr int kPlainDigits = 6;  // of numbers that are written without an exponent

std::string escaped(std::string_view text) {
  std::string safe;
  for (const char c : text) {
    if (c == '<')
      safe += "&lt;";
    else if (c == '>')
      safe += "&gt;";
    else if (c == '&')
      safe += "&amp;";
    else
      safe += c;
  }
  return safe;
}

}  // namespace

Svg::Svg(double width, double height) {
  out_ << std::setprecision(5) << "<svg xmlns='http://www.w3.org/2000/svg' width='" << width
       << "' height='" << height << "' viewBox='0 0 " << width << " " << height
       << "' font-family='Helvetica, Arial, DejaVu Sans, sans-serif'>\n<rect width='100%' "
          "height='100%' "
          "fill='white'/>\n";
}

void Svg::open(double x, double y) { out_ << "<g transform='translate(" << x << " " << y << ")'>"; }

void Svg::close() { out_ << "</g>\n"; }

void Svg::text(double x, double y, std::string_view words, std::string_view style) {
  out_ << "<text x='" << x << "' y='" << y << "' " << style << ">" << escaped(words) << "</text>";
}

void Svg::polyline(const std::vector<PlotPoint>& points, std::string_view style) {
  out_ << "<polyline " << style << " points='";
  for (const PlotPoint& point : points) out_ << point.x << "," << point.y << " ";
  out_ << "'/>";
}

std::string Svg::finish() && {
  out_ << "</svg>\n";
  return std::move(out_).str();
}

std::string line_style(const char* colour, const char* dashes) {
  const std::string dashed = *dashes == 0 ? "" : concat(" stroke-dasharray='", dashes, "'");
  return concat("fill='none' stroke='", colour, "' stroke-width='1.6'", dashed);
}

void Legend::add(const std::string& word, const char* colour, const char* dashes) {
  const double width = 36 + kLetterWidth * static_cast<double>(word.size());
  if (end_ > 0 && end_ + width > width_) {
    end_ = 0;
    ++row_;
  }
  keys_.push_back({word, colour, dashes, end_, kTextRow * row_});
  end_ += width;
}

void Legend::draw(Svg& svg) const {
  for (const Key& key : keys_) {
    svg.out() << "<path d='M" << key.x << " " << key.y - 4 << "h20' "
              << line_style(key.colour, key.dashes) << "/>";
    svg.text(key.x + 24, key.y, key.word, kSmallText);
  }
}

double nice_step(double span, int most) {
  const double least = span / most;
  const double power = std::pow(10.0, std::floor(std::log10(least)));
  for (const double digit : {1.0, 2.0, 5.0}) {
    if (digit * power >= least * (1 - 1e-9)) return digit * power;
  }
  return 10 * power;
}

std::vector<double> multiples(double low, double high, double step) {
  std::vector<double> found;
  const auto last = std::llround(std::floor(high / step + 1e-6));
  for (auto i = std::llround(std::ceil(low / step - 1e-6)); i <= last; ++i)
    found.push_back(static_cast<double>(i) * step);
  return found;
}

std::string number_beside(double value, double spread) {
  const auto power = [](double x) { return std::floor(std::log10(std::abs(x))); };
  // fmax takes 3 where both are 0, which have no power of ten.
  const auto digits =
      static_cast<int>(std::fmin(std::fmax(power(value) - power(spread) + 2, 3), kMostDigits));
  const auto in_digits = [](double number, int count) {
    std::ostringstream text;
    text << std::setprecision(count) << number;
    return std::move(text).str();
  };
  const double rounded = std::strtod(in_digits(value, digits).c_str(), nullptr);
  return in_digits(rounded, std::max(digits, kPlainDigits));
}

}  // namespace limbic::app
