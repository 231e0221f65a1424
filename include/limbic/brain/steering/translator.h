#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limbic/brain/steering/functions.h"
#include "limbic/brain/steering/names.h"

namespace limbic::brain::steering {

/// Turns one expression into operations, checking types on the way.
///
///   claim     comparison, and, or, not, always, never, present(x); as a number it is 0 or 1
///   number    all else; never a claim
///   category  a variable whose categories have names; == and != compare it with one of them in
///             quotes, or with another variable of the same names
///
/// Shapes  a value per tick stands beside every cell; two grids must have equally many values.
/// Errors  each mistake is noted once, at its word; what depends on it is Broken, and passes in
///         silence.
class Translator {
 public:
  Translator(const Names& names, const Outputs& outputs, Code& code, config::Problems& problems)
      : names_(names), outputs_(outputs), code_(code), problems_(problems) {}

  Value translate(const Expression& expression, const Asker& asker);
  /// Same, but refuses what has several values a tick, and a category unless a probe asks for it.
  /// Messages begin with `what`.
  Value translate_per_tick(const Expression& expression, const Asker& asker,
                           const std::string& what);

 private:
  /// What is being translated.
  struct Context {
    const Expression& expression;
    const Asker& asker;
    std::vector<Value> values;  // of the terms so far
  };

  Value term(const Term& term);
  Value operation(const Term& term);
  Value comparison(const Term& term);
  Value category_comparison(const Term& term);
  Value call(const Term& term);
  Value apply(const Function& function, const Term& term);
  Value extreme(const Function& function, const Term& term);
  Value where(const Term& term);
  Value clamp(const Term& term);
  Value over_ticks(const Function& function, const Term& term);

  Value elementwise(Op op, Type type, const std::vector<Value>& inputs, const Term& at);
  Value reduce(Op op, Type type, const Value& input, const Term& at);
  std::vector<Value> numbers(const Term& term);
  Value number(int64_t index);
  Value claim(int64_t index);
  static bool all_sound(const std::vector<Value>& values);
  Value problem(const Term& at, const std::string& message);

  const Names& names_;
  const Outputs& outputs_;
  Code& code_;
  config::Problems& problems_;
  Context* now_ = nullptr;
};

}  // namespace limbic::brain::steering
