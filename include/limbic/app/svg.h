#pragma once

#include <array>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::app {

/// Colours of lines: of Tol's scheme `muted`, which differ for every eye, and black.
inline constexpr std::array<const char*, 10> kLineColours{
    "#332288", "#cc6677", "#117733", "#88ccee", "#882255",
    "#999933", "#44aa99", "#aa4499", "#ddcc77", "#000000"};
inline constexpr std::array<const char*, 4> kLineDashes{"", "4 3", "1 3", "8 3 1 3"};
/// Style of an element that is a line; dashes "": unbroken.
std::string line_style(const char* colour, const char* dashes);

inline constexpr const char* kSmallText = "font-size='11' fill='#555'";
inline constexpr const char* kSmallTextToTheEnd = "font-size='11' text-anchor='end' fill='#555'";
inline constexpr double kTextRow = 15;       // from a row of it to the next
inline constexpr double kLetterWidth = 6.4;  // as much as one needs

struct PlotPoint {
  double x, y;
};

/// An SVG picture, element by element, on white.
///
/// Units   pixels, y downwards.
class Svg {
 public:
  Svg(double width, double height);

  /// What is drawn until close() has its origin at (x, y).
  void open(double x, double y);
  void close();
  void text(double x, double y, std::string_view words, std::string_view style);
  void polyline(const std::vector<PlotPoint>& points, std::string_view style);
  /// Any other element, as markup: its text must be escaped.
  [[nodiscard]] std::ostream& out() { return out_; }
  [[nodiscard]] std::string finish() &&;

 private:
  std::ostringstream out_;
};

/// Words, each beside a short line as it is drawn, in rows of a width.
class Legend {
 public:
  explicit Legend(double width) : width_(width) {}

  void add(const std::string& word, const char* colour, const char* dashes);
  /// From the first row to the last.
  [[nodiscard]] double depth() const { return kTextRow * row_; }
  /// The first row stands on the origin.
  void draw(Svg& svg) const;

 private:
  struct Key {
    std::string word;
    const char* colour;
    const char* dashes;
    double x, y;
  };

  double width_;
  std::vector<Key> keys_;
  double end_ = 0;  // of the last row
  int row_ = 0;     // the last
};

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts.
double nice_step(double span, int most);
/// The multiples of a step from low to high, both with a little leeway.
std::vector<double> multiples(double low, double high, double step);
/// A number beside others that are `spread` apart, such as the step of an axis: in so many digits
/// that one differs from the next, three at least and eight at most, without trailing zeros.
std::string number_beside(double value, double spread);

}  // namespace limbic::app
