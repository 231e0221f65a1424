#pragma once

#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::brain::steering {

// clang-format off
enum class Op {
  kConstant, kAlways, kNever,                        // of no tick: 0-dim
  kLoad, kPresent, kAssess,                          // from outside
  kNumber, kTicks, kSpread, kPresentOrZero,          // see Code
  kNegate, kAbs, kExp, kLog, kSqrt, kRelu, kSigmoid, kNot,
  kAdd, kSubtract, kMultiply, kDivide, kMin, kMax,
  kLess, kLessEqual, kGreater, kGreaterEqual, kEqual, kNotEqual, kAnd, kOr,
  kWhere, kKeepWhere,                                // kKeepWhere: of x and a claim; NaN elsewhere
  kMeanOfCells, kMinOfCells, kMaxOfCells, kAllOfCells, kAnyOfCells,  // [B, T, K] -> [B, T]
  kTrace, kDelay, kReturn,                           // along the ticks
};
// clang-format on

std::string_view name_of(Op op);

/// One ATen operation on the results of earlier ones.
struct Operation {
  Op op = Op::kConstant;
  std::vector<int64_t> inputs{};
  double number = 0.0;  // kConstant: its value; kTrace: tau; kDelay: ticks; kReturn: factor
  int64_t index = -1;   // kLoad, kPresent: of the world's variable; kAssess: of the assessor;
                        // kReturn: ticks
  int64_t cell = -1;    // kLoad, kPresent: that cell alone
  auto operator<=>(const Operation&) const = default;
};

enum class Type { kBroken, kNumber, kClaim, kCategory, kText };

/// What an operation yields. Broken: what a mistake leaves, of which nothing more is said.
struct Value {
  Type type = Type::kBroken;
  int64_t id = -1;        // of the operation
  int64_t width = 0;      // 0: the same at every tick (0-dim), 1: [B, T], K: [B, T, K]
  int64_t category = -1;  // kCategory: the world's variable
};

/// Operations in the order of their running, none of them idle.
struct Plan {
  std::vector<Operation> operations;
  std::vector<int64_t> outputs;  // indices of operations
};

/// The operations of a program so far. What was asked for before is not added again.
class Code {
 public:
  Value constant(double number);
  Value always_or_never(bool always);
  /// kLoad, kPresent, kAssess.
  Value source(const Operation& operation, Type type, int64_t width);
  /// Element by element, per-tick values beside every cell. REQUIRES: widths agree where above 1.
  Value elementwise(Op op, Type type, const std::vector<Value>& inputs);
  /// [B, T, K] -> [B, T].
  Value reduce(Op op, Type type, const Value& input);
  /// kTrace, kDelay.
  Value along_ticks(Op op, const Value& input, double parameter);
  /// kReturn: g(t) = step(t) + factor * g(t + lead), or end(t) where t + lead is past the end.
  Value returns(const Value& step, const Value& end, double factor, int64_t lead);

  Value as_number(const Value& value);        // a claim becomes 0 or 1, a category its index
  Value as_ticks(const Value& value);         // 0-dim becomes [B, T]
  Value present_or_zero(const Value& value);  // NaN and infinity become 0

  [[nodiscard]] const Operation& operator[](int64_t id) const { return operations_[id]; }
  /// As that of a Value.
  [[nodiscard]] int64_t width(int64_t id) const { return widths_[id]; }
  /// Whether each operation so far is run for these outputs.
  [[nodiscard]] std::vector<bool> needed_by(const std::vector<Value>& outputs) const;
  [[nodiscard]] Plan plan(const std::vector<Value>& outputs) const;

 private:
  int64_t add(const Operation& operation, int64_t width);

  std::vector<Operation> operations_;
  std::vector<int64_t> widths_;  // of their results
  std::map<Operation, int64_t> ids_;
};

}  // namespace limbic::brain::steering
