#include "limbic/brain/steering/presence.h"

#include <cstdint>
#include <vector>

namespace limbic::brain::steering {
namespace {

class Presence {
 public:
  explicit Presence(Code& code) : code_(code), always_(code.always_or_never(true)) {}

  Value of(const Value& value) {
    const std::vector<bool> is_needed = code_.needed_by({value});
    known_.assign(value.id + 1, always_);
    for (int64_t id = 0; id <= value.id; ++id)
      if (is_needed[id]) known_[id] = of_operation(id);
    return known_[value.id];
  }

 private:
  Value of_operation(int64_t id) {
    const Operation operation = code_[id];  // a copy, since the code grows
    switch (operation.op) {
      case Op::kLoad:
        return code_.source({.op = Op::kPresent, .index = operation.index, .cell = operation.cell},
                            Type::kClaim, 1);
      case Op::kAnd:
      case Op::kOr:
        return of_two_claims(operation);
      case Op::kWhere:
        return of_choice(operation);
      case Op::kDelay:
        return delayed(of_all(operation), operation.number);
      case Op::kTrace:
        return ever(of_all(operation));
      case Op::kKeepWhere:
        return known_[operation.inputs[0]];
      default:
        return of_all(operation);
    }
  }

  Value of_all(const Operation& operation) {
    Value all = always_;
    for (const int64_t input : operation.inputs) all = both(all, known_[input]);
    return all;
  }

  Value of_two_claims(const Operation& operation) {
    const auto settled_by = [&](int64_t input) {
      const Value claim = per_tick(input);
      if (claim.width > 1) return code_.always_or_never(false);
      const bool settles_if_true = operation.op == Op::kOr;
      return both(known_[claim.id],
                  settles_if_true ? claim : code_.elementwise(Op::kNot, Type::kClaim, {claim}));
    };
    const Value all = of_all(operation);
    if (is_always(all)) return all;
    return either(all, either(settled_by(operation.inputs[0]), settled_by(operation.inputs[1])));
  }

  Value of_choice(const Operation& operation) {
    const Value condition = per_tick(operation.inputs[0]);
    const Value &one = known_[operation.inputs[1]], other = known_[operation.inputs[2]];
    if (condition.width > 1 || one.id == other.id) return of_all(operation);
    return both(known_[condition.id],
                code_.elementwise(Op::kWhere, Type::kClaim, {condition, one, other}));
  }

  Value delayed(const Value& known, double num_ticks) {
    return is_always(known) ? known : code_.along_ticks(Op::kDelay, known, num_ticks);
  }

  // Now or at an earlier tick.
  Value ever(const Value& known) {
    constexpr double kSlow = 1000;
    if (is_always(known)) return known;
    const Value trace = code_.along_ticks(Op::kTrace, code_.as_number(known), kSlow);
    return code_.elementwise(Op::kGreater, Type::kClaim, {trace, code_.constant(0)});
  }

  Value both(const Value& a, const Value& b) {
    if (is_always(b) || a.id == b.id) return a;
    return is_always(a) ? b : code_.elementwise(Op::kAnd, Type::kClaim, {a, b});
  }
  Value either(const Value& a, const Value& b) {
    if (is_always(a) || is_never(b) || a.id == b.id) return a;
    return is_always(b) || is_never(a) ? b : code_.elementwise(Op::kOr, Type::kClaim, {a, b});
  }
  [[nodiscard]] bool is_always(const Value& claim) const { return claim.id == always_.id; }
  [[nodiscard]] bool is_never(const Value& claim) const { return code_[claim.id].op == Op::kNever; }
  // A claim, as it was before it was put beside every cell.
  [[nodiscard]] Value per_tick(int64_t id) const {
    const Operation& operation = code_[id];
    const int64_t own = operation.op == Op::kSpread ? operation.inputs[0] : id;
    return {.type = Type::kClaim, .id = own, .width = code_.width(own)};
  }

  Code& code_;
  Value always_;
  std::vector<Value> known_;  // of each operation
};

}  // namespace

Value all_present(const Value& value, Code& code) { return Presence(code).of(value); }

}  // namespace limbic::brain::steering
