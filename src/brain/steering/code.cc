#include "limbic/brain/steering/code.h"

#include <algorithm>
#include <array>

namespace limbic::brain::steering {
namespace {

// clang-format off
constexpr std::array<std::string_view, static_cast<size_t>(Op::kReturn) + 1> kNames{
    "constant", "always", "never",
    "load", "present", "assess",
    "number", "ticks", "spread", "present_or_zero",
    "negate", "abs", "exp", "log", "sqrt", "relu", "sigmoid", "not",
    "add", "subtract", "multiply", "divide", "min", "max",
    "less", "less_equal", "greater", "greater_equal", "equal", "not_equal", "and", "or",
    "where", "keep_where",
    "mean_of_cells", "min_of_cells", "max_of_cells", "all_of_cells", "any_of_cells",
    "ema", "delay", "return"};
// clang-format on

}  // namespace

std::string_view name_of(Op op) { return kNames[static_cast<size_t>(op)]; }

int64_t Code::add(const Operation& operation, int64_t width) {
  const auto [known, is_new] = ids_.try_emplace(operation, std::ssize(operations_));
  if (is_new) {
    operations_.push_back(operation);
    widths_.push_back(width);
  }
  return known->second;
}

Value Code::constant(double number) {
  return {.type = Type::kNumber, .id = add({.op = Op::kConstant, .number = number}, 0)};
}

Value Code::always_or_never(bool always) {
  return {.type = Type::kClaim, .id = add({.op = always ? Op::kAlways : Op::kNever}, 0)};
}

Value Code::source(const Operation& operation, Type type, int64_t width) {
  return {.type = type, .id = add(operation, width), .width = width};
}

Value Code::elementwise(Op op, Type type, const std::vector<Value>& inputs) {
  int64_t width = 0;
  for (const Value& input : inputs) width = std::max(width, input.width);
  Operation operation{.op = op};
  for (const Value& input : inputs) {
    const bool beside_cells = width > 1 && input.width == 1;
    operation.inputs.push_back(beside_cells ? add({.op = Op::kSpread, .inputs = {input.id}}, width)
                                            : input.id);
  }
  return {.type = type, .id = add(operation, width), .width = width};
}

Value Code::reduce(Op op, Type type, const Value& input) {
  return {.type = type, .id = add({.op = op, .inputs = {input.id}}, 1), .width = 1};
}

Value Code::along_ticks(Op op, const Value& input, double parameter) {
  const Value ticks = as_ticks(input);
  Value result = ticks;
  result.id = add({.op = op, .inputs = {ticks.id}, .number = parameter}, ticks.width);
  return result;
}

Value Code::returns(const Value& step, const Value& end, double factor, int64_t lead) {
  Value result = as_ticks(step);
  result.id = add(
      {.op = Op::kReturn, .inputs = {result.id, as_ticks(end).id}, .number = factor, .index = lead},
      result.width);
  return result;
}

Value Code::as_number(const Value& value) {
  if (value.type == Type::kClaim) return elementwise(Op::kNumber, Type::kNumber, {value});
  Value number = value;
  number.type = Type::kNumber;
  return number;
}

Value Code::as_ticks(const Value& value) {
  if (value.width > 0) return value;
  Value ticks = value;
  ticks.id = add({.op = Op::kTicks, .inputs = {value.id}}, 1);
  ticks.width = 1;
  return ticks;
}

Value Code::present_or_zero(const Value& value) {
  const Op op = operations_[value.id].op;
  const bool is_finite = op == Op::kConstant || op == Op::kNumber || op == Op::kPresentOrZero;
  return is_finite ? value : elementwise(Op::kPresentOrZero, Type::kNumber, {value});
}

std::vector<bool> Code::needed_by(const std::vector<Value>& outputs) const {
  std::vector<bool> is_needed(operations_.size(), false);
  for (const Value& output : outputs) is_needed[output.id] = true;
  for (int64_t id = std::ssize(operations_) - 1; id >= 0; --id) {
    if (!is_needed[id]) continue;
    for (const int64_t input : operations_[id].inputs) is_needed[input] = true;
  }
  return is_needed;
}

Plan Code::plan(const std::vector<Value>& outputs) const {
  const std::vector<bool> is_needed = needed_by(outputs);
  Plan plan;
  std::vector<int64_t> place(operations_.size(), -1);
  for (size_t id = 0; id < operations_.size(); ++id) {
    if (!is_needed[id]) continue;
    place[id] = std::ssize(plan.operations);
    plan.operations.push_back(operations_[id]);
    for (int64_t& input : plan.operations.back().inputs) input = place[input];
  }
  for (const Value& output : outputs) plan.outputs.push_back(place[output.id]);
  return plan;
}

}  // namespace limbic::brain::steering
