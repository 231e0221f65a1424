#include "limbic/inference/evidence.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {

using worlds::Kind;
using worlds::Variable;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// `left sign right`; no sign where there is none.
struct Claim {
  std::string_view left, sign, right;
};

// How much of the beginning is a variable's name, in which signs mean nothing.
size_t name_size(const worlds::Schema& schema, std::string_view text) {
  size_t longest = 0;
  for (const Variable& variable : schema.variables()) {
    const size_t size = variable.name.size();
    if (text.starts_with(variable.name) && size < text.size() &&
        std::string_view(" @[<>=").find(text[size]) != std::string_view::npos)
      longest = std::max(longest, size);
  }
  return longest;
}

Claim split(const worlds::Schema& schema, std::string_view text) {
  text = trimmed(text);
  const size_t name = name_size(schema, text);
  const size_t in = text.find(" in ", name);
  const size_t sign = text.find_first_of("<>=", name);
  if (in < sign) return {trimmed(text.substr(0, in)), "in", trimmed(text.substr(in + 4))};
  if (sign == std::string_view::npos) return {};
  const size_t size = text.substr(sign + 1).starts_with('=') ? 2 : 1;
  return {trimmed(text.substr(0, sign)), text.substr(sign, size),
          trimmed(text.substr(sign + size))};
}

// A copy of one cell, so that what is read is one value; what is said of it may lie where no value
// does.
Variable one_cell(const Variable& variable) {
  Variable one = variable;
  one.num_cells = 1;
  one.low = Variable().low;
  one.high = Variable().high;
  if (!variable.transform.is_none()) one.scale = kInfinity;  // it is not in units of x
  one.transform = {};
  return one;
}

double number(const Variable& variable, std::string_view text) {
  return worlds::parse_value(one_cell(variable), trimmed(text)).item<double>();
}

Evidence about(const worlds::Schema& schema, std::string_view left, std::string_view text) {
  const auto place = worlds::Place::seen(schema, std::string(left));
  const Variable& variable = schema[place.variable];
  if (variable.kind == Kind::kVector)
    throw input_error(variable.name, " is a vector: evidence is about scalars and categories");
  if (place.num_cells > 1)
    throw input_error(left, " has ", place.num_cells, " cells: say which, as in ", left, "[0]");
  return {.text = std::string(text),
          .variable = place.variable,
          .tick = place.tick,
          .cell = place.first};
}

// Where a word ends: with the longest name that ends before a bar, which may hold bars itself;
// where there is none, at the next bar.
size_t end_of_word(const Variable& variable, std::string_view text, size_t start) {
  const size_t next = std::min(text.find('|', start), text.size());
  size_t longest = next;
  for (size_t end = next; end < text.size();) {
    end = std::min(text.find('|', end + 1), text.size());
    const std::string_view word = trimmed(text.substr(start, end - start));
    if (std::ranges::find(variable.names, word) != variable.names.end()) longest = end;
  }
  return longest;
}

OneOf one_of(const Variable& variable, const Claim& claim) {
  if (claim.sign != "in")
    throw input_error(variable.name, " is a category: expected ", variable.name,
                      " in this|that, got ", quoted(concat(claim.sign, " ", claim.right)));
  OneOf found;
  for (size_t start = 0; start <= claim.right.size();) {
    const size_t end = end_of_word(variable, claim.right, start);
    const std::string_view word = trimmed(claim.right.substr(start, end - start));
    found.categories.push_back(worlds::parse_value(one_cell(variable), word).item<int64_t>());
    start = end + 1;
  }
  return found;
}

Measured measured(const Variable& variable, const Claim& claim) {
  const size_t sign = claim.right.find("+-");
  if (sign == std::string_view::npos)
    throw input_error(variable.name, ": expected a number +- its spread, got ", quoted(claim.right),
                      "; what is exact is given, not evidence");
  if (!variable.transform.is_none())
    throw input_error(variable.name, " has a transform, so its evidence is an interval, such as '",
                      variable.name, " in 1..2', got ", quoted(claim.right));
  const Measured found{number(variable, claim.right.substr(0, sign)),
                       number(variable, claim.right.substr(sign + 2))};
  if (found.spread <= 0)
    throw input_error(variable.name, ": expected a spread above 0, got ", found.spread);
  return found;
}

Interval interval(const Variable& variable, const Claim& claim) {
  if (claim.sign.starts_with('>')) return {number(variable, claim.right), kInfinity};
  if (claim.sign.starts_with('<')) return {-kInfinity, number(variable, claim.right)};
  const size_t dots = claim.right.find("..");
  if (dots == std::string_view::npos)
    throw input_error(variable.name, ": expected low..high, got ", quoted(claim.right));
  const std::string_view low = trimmed(claim.right.substr(0, dots));
  const std::string_view high = trimmed(claim.right.substr(dots + 2));
  const Interval found{number(variable, low), number(variable, high)};
  if (found.low >= found.high) {
    const bool is_rounded = found.low == found.high && low != high;
    throw input_error(
        variable.name, ": expected low..high with low below high, got ", quoted(claim.right),
        is_rounded
            ? concat("; both are ", worlds::format_number(variable, found.low), " in float32")
            : "");
  }
  return found;
}

}  // namespace

Evidence parse_evidence(const worlds::Schema& schema, std::string_view text) {
  const Claim claim = split(schema, text);
  if (claim.left.empty())
    throw input_error(
        "expected evidence such as 'x in 0..1', 'x > 0', 'x = 1.5 +- 0.2' or 'c in this|that', "
        "got ",
        quoted(text));
  Evidence evidence = about(schema, claim.left, text);
  const Variable& variable = schema[evidence.variable];
  if (variable.kind == Kind::kCategory) {
    evidence.known = one_of(variable, claim);
  } else if (claim.sign.starts_with('=')) {
    evidence.known = measured(variable, claim);
  } else {
    const Interval found = interval(variable, claim);
    const double least = variable.transform.kind == worlds::TransformKind::kLog ? 0 : variable.low;
    if (std::max(found.low, least) >= std::min(found.high, variable.high))
      throw input_error(quoted(text), " leaves nothing: values of ", variable.name, " lie between ",
                        least, " and ", variable.high);
    evidence.known = found;
  }
  return evidence;
}

}  // namespace limbic::inference
