#include "limbic/brain/steering/lack.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <vector>

namespace limbic::brain::steering {
namespace {

/// What is known of an operation before it runs.
struct Outlook {
  enum class Claim { kOpen, kNever, kAlways };

  Claim claim = Claim::kOpen;
  int64_t lack = -1;  // the world's variable that it needs and that is not there
};
using Claim = Outlook::Claim;

bool goes_along_ticks(const Operation& operation) {
  return operation.op == Op::kTrace || operation.op == Op::kDelay || operation.op == Op::kReturn;
}

bool is_there(const Operation& operation, const worlds::Schema& schema, const at::Tensor& there_V) {
  const int64_t variable = operation.index;
  const at::Tensor own = there_V.narrow(0, schema.offset(variable), schema[variable].num_cells);
  return (operation.cell < 0 ? own.all() : own[operation.cell]).item<bool>();
}

Outlook source(const Operation& operation, const worlds::Schema& schema,
               const at::Tensor& there_V) {
  switch (operation.op) {
    case Op::kAlways:
      return {.claim = Claim::kAlways};
    case Op::kNever:
      return {.claim = Claim::kNever};
    case Op::kPresent:
      return {.claim = is_there(operation, schema, there_V) ? Claim::kAlways : Claim::kNever};
    case Op::kLoad:
      return {.lack = is_there(operation, schema, there_V) ? -1 : operation.index};
    default:
      return {};
  }
}

Outlook negated(const Outlook& input) {
  if (input.claim == Claim::kOpen) return input;
  return {.claim = input.claim == Claim::kNever ? Claim::kAlways : Claim::kNever};
}

Outlook of_all(const std::vector<Outlook>& inputs) {
  const auto lacking =
      std::ranges::find_if(inputs, [](const Outlook& input) { return input.lack >= 0; });
  return {.lack = lacking == inputs.end() ? -1 : lacking->lack};
}

// Two claims, either of which may settle the whole or leave it to the other.
Outlook joined(const std::vector<Outlook>& two, Claim settles, Claim leaves) {
  if (two[0].claim == settles || two[1].claim == leaves) return two[0];
  if (two[1].claim == settles || two[0].claim == leaves) return two[1];
  return of_all(two);
}

Outlook outlook(Op op, const std::vector<Outlook>& inputs) {
  switch (op) {
    case Op::kTicks:
    case Op::kSpread:
    case Op::kDelay:
      return inputs[0];
    case Op::kNot:
      return negated(inputs[0]);
    case Op::kAnd:
      return joined(inputs, Claim::kNever, Claim::kAlways);
    case Op::kOr:
      return joined(inputs, Claim::kAlways, Claim::kNever);
    case Op::kWhere:
      if (inputs[0].claim == Claim::kOpen) return of_all(inputs);
      return inputs[inputs[0].claim == Claim::kAlways ? 1 : 2];
    default:
      return of_all(inputs);
  }
}

}  // namespace

int64_t lack_of(const Plan& plan, const worlds::Schema& schema, const at::Tensor& there_TV,
                int64_t tick) {
  const bool sees_other_ticks = std::ranges::any_of(plan.operations, goes_along_ticks);
  const at::Tensor there_V = sees_other_ticks ? there_TV.any(0) : there_TV[tick];
  std::vector<Outlook> outlooks, inputs;
  for (const Operation& operation : plan.operations) {
    inputs.clear();
    for (const int64_t input : operation.inputs) inputs.push_back(outlooks[input]);
    outlooks.push_back(inputs.empty() ? source(operation, schema, there_V)
                                      : outlook(operation.op, inputs));
  }
  return outlooks[plan.outputs.front()].lack;
}

}  // namespace limbic::brain::steering
