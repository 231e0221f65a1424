#pragma once

#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::app {

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
  /// Any other element, as markup: its text must be escaped.
  [[nodiscard]] std::ostream& out() { return out_; }
  [[nodiscard]] std::string finish() &&;

 private:
  std::ostringstream out_;
};

/// A step of 1, 2 or 5 times a power of ten that cuts `span` into at most `most` parts.
double nice_step(double span, int most);
/// The multiples of a step from low to high, both with a little leeway.
std::vector<double> multiples(double low, double high, double step);
/// A number beside others that are `spread` apart, such as the step of an axis: in so many digits
/// that one differs from the next, three at least and eight at most, without trailing zeros.
std::string number_beside(double value, double spread);

}  // namespace limbic::app
