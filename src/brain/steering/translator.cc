#include "limbic/brain/steering/translator.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "limbic/brain/steering/presence.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"

namespace limbic::brain::steering {
namespace {

struct Operator {
  std::string_view text;
  Op op;
};
constexpr std::array<Operator, 4> kArithmetic{
    {{"+", Op::kAdd}, {"-", Op::kSubtract}, {"*", Op::kMultiply}, {"/", Op::kDivide}}};
constexpr std::array<Operator, 6> kComparisons{{{"<", Op::kLess},
                                                {"<=", Op::kLessEqual},
                                                {">", Op::kGreater},
                                                {">=", Op::kGreaterEqual},
                                                {"==", Op::kEqual},
                                                {"!=", Op::kNotEqual}}};

const Operator* find_operator(const auto& table, std::string_view text) {
  const auto found = std::ranges::find(table, text, &Operator::text);
  return found == table.end() ? nullptr : &*found;
}

/// 0 or 1 where a claim is known, else ABSENT.
Value known_number(const Value& claim, Code& code) {
  const Value number = code.as_number(claim), known = all_present(claim, code);
  if (code[known.id].op == Op::kAlways) return number;
  return code.elementwise(Op::kKeepWhere, Type::kNumber, {number, known});
}

std::string arity(const Function& function) {
  if (function.most > function.fewest) return "at least " + counted(function.fewest, "argument");
  return counted(function.fewest, "argument");
}

}  // namespace

Value Translator::translate(const Expression& expression, const Asker& asker) {
  Context context{.expression = expression, .asker = asker, .values = {}};
  now_ = &context;
  for (const Term& each : expression.terms) context.values.push_back(term(each));
  now_ = nullptr;
  return context.values.back();
}

Value Translator::translate_per_tick(const Expression& expression, const Asker& asker,
                                     const std::string& what) {
  Value value = translate(expression, asker);
  const auto refuse = [&](const std::string& message) {
    problems_.add(expression.mark(), what + message);
    return Value{};
  };
  if (value.type == Type::kText)
    return refuse(" is text; a category's name is compared by == or !=");
  if (value.width > 1) {
    return refuse(" has " + std::to_string(value.width) +
                  " values a tick; reduce them by mean, min or max");
  }
  if (value.type == Type::kCategory && asker.part != Part::kProbe) {
    const std::string& name = names_.schema()[value.category].name;
    return refuse(" is a category; compare it, as in " + name + " == '" +
                  names_.schema()[value.category].names.front() + "'");
  }
  return value;
}

Value Translator::term(const Term& term) {
  switch (term.kind) {
    case Term::Kind::kNumber:
      return code_.constant(term.number);
    case Term::Kind::kText:
      return {.type = Type::kText};
    case Term::Kind::kCall:
      return call(term);
    case Term::Kind::kOperator:
      return operation(term);
    default:
      return names_.resolve(term, now_->asker, outputs_, code_,
                            [&](const std::string& message) { problem(term, message); });
  }
}

Value Translator::operation(const Term& term) {
  if (find_operator(kComparisons, term.text) != nullptr) return comparison(term);
  if (const Operator* arithmetic = find_operator(kArithmetic, term.text)) {
    const bool is_sign = term.arguments.size() == 1;
    return elementwise(is_sign ? Op::kNegate : arithmetic->op, Type::kNumber, numbers(term), term);
  }
  std::vector<Value> claims;
  for (const int64_t argument : term.arguments) claims.push_back(claim(argument));
  if (term.text == "not") return elementwise(Op::kNot, Type::kClaim, claims, term);
  return elementwise(term.text == "and" ? Op::kAnd : Op::kOr, Type::kClaim, claims, term);
}

Value Translator::comparison(const Term& term) {
  for (const int64_t argument : term.arguments) {
    const Type type = now_->values[argument].type;
    if (type == Type::kCategory || type == Type::kText) return category_comparison(term);
  }
  return elementwise(find_operator(kComparisons, term.text)->op, Type::kClaim, numbers(term), term);
}

Value Translator::category_comparison(const Term& term) {
  int64_t left = term.arguments[0], right = term.arguments[1];
  if (now_->values[left].type != Type::kCategory) std::swap(left, right);
  const Value category = now_->values[left];
  Value other = now_->values[right];
  if (!all_sound({category, other})) return {};
  const Term& other_term = now_->expression.terms[right];
  if (category.type != Type::kCategory) {
    return problem(term, "text is compared with a category, and here is none");
  }
  const worlds::Variable& variable = names_.schema()[category.category];
  const std::string name = "'" + variable.name + "'";
  if (term.text != "==" && term.text != "!=") {
    return problem(term, name + " is a category; only == and != compare it");
  }
  if (other.type == Type::kText) {
    const auto found = std::ranges::find(variable.names, other_term.text);
    if (found == variable.names.end()) {
      return problem(other_term, name + " has no category " + quoted(other_term.text) +
                                     did_you_mean(other_term.text, variable.names));
    }
    other = code_.constant(static_cast<double>(found - variable.names.begin()));
  } else if (other.type != Type::kCategory) {
    return problem(other_term, name + " is a category; compare it with one of its names in quotes");
  } else if (names_.schema()[other.category].names != variable.names) {
    return problem(term, name + " and '" + names_.schema()[other.category].name +
                             "' have different categories");
  }
  return elementwise(find_operator(kComparisons, term.text)->op, Type::kClaim,
                     {code_.as_number(category), code_.as_number(other)}, term);
}

Value Translator::call(const Term& term) {
  const Function* function = find_function(term.text);
  if (function == nullptr) {
    return problem(
        term, "unknown function " + quoted(term.text) + did_you_mean(term.text, function_names()));
  }
  const int64_t given = std::ssize(term.arguments);
  if (given < function->fewest || given > function->most) {
    return problem(term,
                   term.text + " takes " + arity(*function) + ", got " + std::to_string(given));
  }
  return apply(*function, term);
}

Value Translator::apply(const Function& function, const Term& term) {
  switch (function.kind) {
    case Function::Kind::kElementwise:
      return elementwise(function.op, Type::kNumber, numbers(term), term);
    case Function::Kind::kMean:
      return reduce(function.op, Type::kNumber, number(term.arguments[0]), term);
    case Function::Kind::kExtreme:
      return extreme(function, term);
    case Function::Kind::kWhere:
      return where(term);
    case Function::Kind::kClamp:
      return clamp(term);
    default:
      return over_ticks(function, term);
  }
}

Value Translator::extreme(const Function& function, const Term& term) {
  const bool is_min = function.op == Op::kMin;
  const bool all_claims = std::ranges::all_of(term.arguments, [&](int64_t argument) {
    return now_->values[argument].type == Type::kClaim;
  });
  const Type type = all_claims ? Type::kClaim : Type::kNumber;
  std::vector<Value> in;
  for (const int64_t argument : term.arguments) {
    in.push_back(all_claims ? now_->values[argument] : number(argument));
  }
  if (in.size() == 1) {
    const Op claims = is_min ? Op::kAllOfCells : Op::kAnyOfCells;
    const Op numbers = is_min ? Op::kMinOfCells : Op::kMaxOfCells;
    return reduce(all_claims ? claims : numbers, type, in[0], term);
  }
  const Op claims = is_min ? Op::kAnd : Op::kOr;
  Value result = in[0];
  for (size_t i = 1; i < in.size(); ++i) {
    result = elementwise(all_claims ? claims : function.op, type, {result, in[i]}, term);
  }
  return result;
}

Value Translator::where(const Term& term) {
  const Value condition = claim(term.arguments[0]);
  const bool both_claims = now_->values[term.arguments[1]].type == Type::kClaim &&
                           now_->values[term.arguments[2]].type == Type::kClaim;
  const auto branch = [&](int64_t i) {
    return both_claims ? now_->values[term.arguments[i]] : number(term.arguments[i]);
  };
  return elementwise(Op::kWhere, both_claims ? Type::kClaim : Type::kNumber,
                     {condition, branch(1), branch(2)}, term);
}

Value Translator::clamp(const Term& term) {
  const std::vector<Value> in = numbers(term);
  const Term& low = now_->expression.terms[term.arguments[1]];
  const Term& high = now_->expression.terms[term.arguments[2]];
  const bool are_written = low.kind == Term::Kind::kNumber && high.kind == Term::Kind::kNumber;
  if (are_written && low.number > high.number) {
    return problem(
        low, concat("the bounds of clamp go from low to high: ", high.number, ", ", low.number));
  }
  const Value raised = elementwise(Op::kMax, Type::kNumber, {in[0], in[1]}, term);
  return elementwise(Op::kMin, Type::kNumber, {raised, in[2]}, term);
}

Value Translator::over_ticks(const Function& function, const Term& term) {
  const Value& given = now_->values[term.arguments[0]];
  const bool is_claim = given.type == Type::kClaim;
  const bool stays_claim = is_claim && function.kind == Function::Kind::kDelay;
  const Value value = stays_claim ? given : number(term.arguments[0]);
  double parameter = 1;
  if (function.kind != Function::Kind::kSlope) {
    const Term& by = now_->expression.terms[term.arguments[1]];
    const bool is_number = by.kind == Term::Kind::kNumber;
    parameter = by.number;
    if (function.kind == Function::Kind::kTrace && (!is_number || parameter < 1)) {
      return problem(by, "the tau of ema must be written as a number, at least 1 [ticks]");
    }
    const bool is_whole = is_number && parameter >= 0 && parameter == std::floor(parameter);
    if (function.kind == Function::Kind::kDelay && !is_whole) {
      return problem(by, "delay goes by a whole number of ticks, at least 0");
    }
  }
  if (!all_sound({value})) return {};
  if (function.kind == Function::Kind::kTrace)
    return code_.along_ticks(Op::kTrace, is_claim ? known_number(given, code_) : value, parameter);
  const Value before = code_.along_ticks(Op::kDelay, value, parameter);
  if (function.kind == Function::Kind::kDelay) return before;
  return elementwise(Op::kSubtract, Type::kNumber, {value, before}, term);
}

Value Translator::elementwise(Op op, Type type, const std::vector<Value>& inputs, const Term& at) {
  if (!all_sound(inputs)) return {};
  int64_t width = 0;
  for (const Value& input : inputs) {
    if (width > 1 && input.width > 1 && input.width != width) {
      return problem(at, std::to_string(width) + " values a tick meet " +
                             std::to_string(input.width) + "; reduce them by mean, min or max");
    }
    width = std::max(width, input.width);
  }
  return code_.elementwise(op, type, inputs);
}

Value Translator::reduce(Op op, Type type, const Value& input, const Term& at) {
  if (!all_sound({input})) return {};
  if (input.width > 1) return code_.reduce(op, type, input);
  return problem(at, at.text +
                         " of one argument goes over the values of a vector or of cells, and this "
                         "is one value a tick");
}

std::vector<Value> Translator::numbers(const Term& term) {
  std::vector<Value> found;
  for (const int64_t argument : term.arguments) found.push_back(number(argument));
  return found;
}

Value Translator::number(int64_t index) {
  const Value& value = now_->values[index];
  const Term& at = now_->expression.terms[index];
  if (value.type == Type::kText) {
    return problem(at, "text stands only beside == or !=, as a category's name");
  }
  if (value.type == Type::kCategory) {
    return problem(at, quoted(at.text) + " is a category; compare it, as in " + at.text + " == '" +
                           names_.schema()[value.category].names.front() + "'");
  }
  return value.type == Type::kClaim ? code_.as_number(value) : value;
}

Value Translator::claim(int64_t index) {
  const Value& value = now_->values[index];
  if (value.type == Type::kClaim || value.type == Type::kBroken) return value;
  const Term& at = now_->expression.terms[index];
  const Value as_number = number(index);
  if (as_number.type == Type::kBroken) return as_number;
  const std::string example = at.kind == Term::Kind::kName ? at.text : "x";
  return problem(at, "expected a claim, got a number; compare it, as in " + example + " > 0.5");
}

bool Translator::all_sound(const std::vector<Value>& values) {
  return std::ranges::none_of(values,
                              [](const Value& value) { return value.type == Type::kBroken; });
}

Value Translator::problem(const Term& at, const std::string& message) {
  problems_.add(now_->expression.mark(at.offset), message);
  return {};
}

}  // namespace limbic::brain::steering
