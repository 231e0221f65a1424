#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/brain/steering/expression.h"

namespace limbic::evals {

/// What a name stands for: one number, or a curve.
using Values = std::map<std::string, std::vector<double>, std::less<>>;

/// A claim or a number about measured numbers and curves, in the syntax of the steering language:
///
///   B < 0.5 * control and control > 0.1
///   at(A, first(control, 0.5)) < 0.9 * at(control, first(control, 0.5))
///
///   first(c, x)   index of the first value of at least x; infinite if none is
///   half(c)       index of the first value below half of the very first; length if none is; both
///                 NaN if a value before it was not measured, argmax and steps_down if any was not
///   at(c, i)      value i (the last one, past the end); NaN if i is infinite
///   last(c)       argmax(c)       length(c)
///   mean(c)       mean(c, i, j): of values i to j
///   trend(c)      correlation of a curve with its index
///   steps_down(c, i, n)  1 if the mean of c[i - k] and c[i + k] falls at each k from 0 to n
///   abs(x), min and max: of one curve, or of several numbers
///
/// Claims are 1 or 0, or NaN, where what was not measured decides: in a comparison, under `not`,
/// and beside `and` or `or` unless the other side settles it. A curve and a number go together
/// value by value.
///
/// Errors  ConfigError at a name or function that does not exist or takes other arguments.
class Criterion {
 public:
  Criterion(const config::Located& text, const std::vector<std::string>& names);

  /// Errors  ConfigError if curves of different lengths meet, or if it comes to a curve.
  [[nodiscard]] double number(const Values& values) const;
  /// Whether it comes to 1.
  /// Errors  the same.
  [[nodiscard]] bool holds(const Values& values) const { return number(values) == 1; }
  /// Errors  ConfigError if it is a number instead of a claim.
  void require_claim() const;
  [[nodiscard]] const std::string& text() const { return expression_.source.text; }

 private:
  using Curve = std::vector<double>;
  [[nodiscard]] Curve value(const brain::steering::Term& term, const std::vector<Curve>& terms,
                            const Values& values) const;
  [[nodiscard]] Curve each(const brain::steering::Term& term, const std::vector<Curve>& arguments,
                           const std::function<double(double, double)>& of) const;

  brain::steering::Expression expression_;
};

}  // namespace limbic::evals
