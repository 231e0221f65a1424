#include "limbic/evals/criterion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

#include "limbic/core/suggest.h"

namespace limbic::evals {
namespace {

using brain::steering::Term;
using Curve = std::vector<double>;
using Arguments = std::vector<Curve>;

constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();  // what was not measured

double scalar(const Curve& curve) { return curve.empty() ? kNaN : curve.front(); }

bool has_nan(const Arguments& a) {
  return std::ranges::any_of(a, [](const Curve& curve) {
    return std::ranges::any_of(curve, [](double v) { return std::isnan(v); });
  });
}

// The index of the first value for which a claim holds, `never` if there is none, NaN if one that
// was not measured comes before.
double first_where(const Curve& curve, double never, const auto& holds) {
  const auto found =
      std::ranges::find_if(curve, [&](double v) { return std::isnan(v) || holds(v); });
  if (found == curve.end()) return never;
  return std::isnan(*found) ? kNaN : static_cast<double>(found - curve.begin());
}

double first(const Arguments& a) {
  const double least = scalar(a[1]);
  if (std::isnan(least)) return kNaN;
  return first_where(a[0], kNever, [&](double v) { return v >= least; });
}

double half(const Arguments& a) {
  const double bound = 0.5 * scalar(a[0]);
  return first_where(a[0], static_cast<double>(a[0].size()), [&](double v) { return v < bound; });
}

double at(const Arguments& a) {
  const double index = scalar(a[1]);
  if (!std::isfinite(index) || index < 0 || a[0].empty()) return kNaN;
  return a[0][std::min(static_cast<size_t>(index), a[0].size() - 1)];
}

double mean(const Arguments& a) {
  const auto size = static_cast<double>(a[0].size());
  const double begin = a.size() > 1 ? std::max(std::trunc(scalar(a[1])), 0.0) : 0;
  const double end = a.size() > 1 ? std::min(std::trunc(scalar(a[2])) + 1, size) : size;
  if (!(begin < end)) return kNaN;
  const auto from = a[0].begin() + static_cast<std::ptrdiff_t>(begin);
  const auto to = a[0].begin() + static_cast<std::ptrdiff_t>(end);
  return std::accumulate(from, to, 0.0) / (end - begin);
}

double steps_down(const Arguments& a) {
  if (has_nan(a) || !std::isfinite(scalar(a[1])) || !std::isfinite(scalar(a[2]))) return kNaN;
  const auto centre = static_cast<std::ptrdiff_t>(scalar(a[1]));
  const auto steps = static_cast<std::ptrdiff_t>(scalar(a[2]));
  const auto size = std::ssize(a[0]);
  if (centre - steps < 0 || centre + steps >= size) return kNaN;
  const auto around = [&](std::ptrdiff_t k) { return (a[0][centre - k] + a[0][centre + k]) / 2; };
  for (std::ptrdiff_t k = 1; k <= steps; ++k) {
    if (!(around(k) < around(k - 1))) return 0;
  }
  return 1;
}

double trend(const Arguments& a) {
  const auto size = static_cast<double>(a[0].size());
  const double middle = (size - 1) / 2;
  const double average = std::accumulate(a[0].begin(), a[0].end(), 0.0) / size;
  double both = 0, indices = 0, values = 0;
  for (size_t i = 0; i < a[0].size(); ++i) {
    const double x = static_cast<double>(i) - middle, y = a[0][i] - average;
    both += x * y;
    indices += x * x;
    values += y * y;
  }
  return both / std::sqrt(indices * values);
}

double extreme(const Arguments& a, bool largest) {
  Curve all;
  for (const Curve& curve : a) all.insert(all.end(), curve.begin(), curve.end());
  if (all.empty() || has_nan(a)) return kNaN;
  return largest ? std::ranges::max(all) : std::ranges::min(all);
}

struct Function {
  std::string_view name;
  size_t fewest, most;
  double (*of)(const Arguments&);

  [[nodiscard]] bool takes(size_t count) const {
    return count >= fewest && count <= most && (name != "mean" || count != 2);
  }
};

constexpr std::array<Function, 12> kFunctions{{
    {"first", 2, 2, first},
    {"half", 1, 1, half},
    {"at", 2, 2, at},
    {"last", 1, 1, [](const Arguments& a) { return a[0].empty() ? kNaN : a[0].back(); }},
    {"argmax", 1, 1,
     [](const Arguments& a) {
       if (a[0].empty() || has_nan(a)) return kNaN;
       return static_cast<double>(std::ranges::max_element(a[0]) - a[0].begin());
     }},
    {"length", 1, 1, [](const Arguments& a) { return static_cast<double>(a[0].size()); }},
    {"mean", 1, 3, mean},
    {"trend", 1, 1, trend},
    {"steps_down", 3, 3, steps_down},
    {"abs", 1, 1, {}},  // number by number, see Criterion::value
    {"min", 1, 16, [](const Arguments& a) { return extreme(a, false); }},
    {"max", 1, 16, [](const Arguments& a) { return extreme(a, true); }},
}};

const Function* find(std::string_view name) {
  const auto found = std::ranges::find(kFunctions, name, &Function::name);
  return found == kFunctions.end() ? nullptr : &*found;
}

// Comes to 0, 1 or NaN.
bool is_claim(const Term& term) {
  constexpr std::array<std::string_view, 9> kClaims = {
      "<", "<=", ">", ">=", "==", "!=", "and", "or", "not"};
  return term.kind == Term::Kind::kOperator
             ? std::ranges::find(kClaims, term.text) != kClaims.end()
             : term.kind == Term::Kind::kCall && term.text == "steps_down";
}

double negated(double a) {
  if (std::isnan(a)) return a;
  return a == 0 ? 1 : 0;
}

// One side that is sure settles it.
double both(double a, double b) {
  if (a == 0 || b == 0) return 0;
  return std::isnan(a) || std::isnan(b) ? kNaN : 1;
}

double operate(const std::string& op, double a, double b) {
  if (op == "+") return a + b;
  if (op == "-") return a - b;
  if (op == "*") return a * b;
  if (op == "/") return a / b;
  if (op == "and") return both(a, b);
  if (op == "or") return negated(both(negated(a), negated(b)));
  if (std::isnan(a) || std::isnan(b)) return kNaN;
  if (op == "<") return a < b ? 1 : 0;
  if (op == "<=") return a <= b ? 1 : 0;
  if (op == ">") return a > b ? 1 : 0;
  if (op == ">=") return a >= b ? 1 : 0;
  if (op == "==") return a == b ? 1 : 0;
  return a == b ? 0 : 1;
}

}  // namespace

Criterion::Criterion(const config::Located& text, const std::vector<std::string>& names) {
  config::Problems problems;
  auto parsed = brain::steering::parse_expression(text, problems);
  problems.raise();
  expression_ = std::move(*parsed);
  for (const Term& term : expression_.terms) {
    const auto refuse = [&](const std::string& message) {
      problems.add(expression_.mark(term.offset), message);
    };
    if (term.kind == Term::Kind::kName && std::ranges::find(names, term.text) == names.end()) {
      refuse(
          concat("nothing measured is called ", quoted(term.text), did_you_mean(term.text, names)));
    } else if (term.cell >= 0) {
      refuse(concat("write at(", term.text, ", ", term.cell, ") for ", term.text, "[", term.cell,
                    "]"));
    } else if (term.kind == Term::Kind::kCall) {
      const Function* function = find(term.text);
      std::vector<std::string_view> known;
      for (const Function& each : kFunctions) known.push_back(each.name);
      if (function == nullptr) {
        refuse(concat("unknown function ", quoted(term.text), did_you_mean(term.text, known)));
      } else if (!function->takes(term.arguments.size())) {
        refuse(concat(term.text, " takes other than ", term.arguments.size(), " arguments"));
      }
    } else if (term.kind == Term::Kind::kText || term.kind == Term::Kind::kPresent) {
      refuse("a criterion is about numbers");
    }
  }
  problems.raise();
}

Curve Criterion::each(const Term& term, const std::vector<Curve>& arguments,
                      const std::function<double(double, double)>& of) const {
  const Curve& a = arguments[0];
  const Curve& b = arguments[1];
  if (a.size() != b.size() && a.size() != 1 && b.size() != 1) {
    config::refuse(expression_.mark(term.offset),
                   concat(a.size(), " values meet ", b.size(), " at ", quoted(term.text)));
  }
  Curve result(a.size() == 1 ? b.size() : a.size());
  for (size_t i = 0; i < result.size(); ++i)
    result[i] = of(a[a.size() == 1 ? 0 : i], b[b.size() == 1 ? 0 : i]);
  return result;
}

Curve Criterion::value(const Term& term, const std::vector<Curve>& terms,
                       const Values& values) const {
  if (term.kind == Term::Kind::kNumber) return {term.number};
  if (term.kind == Term::Kind::kName) return values.find(term.text)->second;
  std::vector<Curve> arguments;
  for (const int64_t i : term.arguments) arguments.push_back(terms[i]);
  if (term.text == "abs") {
    for (double& v : arguments[0]) v = std::abs(v);
    return arguments[0];
  }
  if (term.kind == Term::Kind::kCall) return {find(term.text)->of(arguments)};
  const bool is_not = term.text == "not";
  if (arguments.size() > 1) {
    return each(term, arguments, [&](double a, double b) { return operate(term.text, a, b); });
  }
  arguments.push_back({0});
  return each(term, arguments, [&](double a, double) { return is_not ? negated(a) : -a; });
}

double Criterion::number(const Values& values) const {
  std::vector<Curve> terms;
  for (const Term& term : expression_.terms) terms.push_back(value(term, terms, values));
  if (terms.back().size() != 1) {
    config::refuse(expression_.source.mark,
                   concat("comes to ", terms.back().size(), " values, not to one"));
  }
  return terms.back().front();
}

void Criterion::require_claim() const {
  if (is_claim(expression_.terms.back())) return;
  config::refuse(expression_.source.mark,
                 concat(quoted(text()), " is a number and no claim; compare it, as in ",
                        quoted(text() + " > 0")));
}

}  // namespace limbic::evals
