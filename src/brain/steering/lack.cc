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

using There = at::TensorAccessor<bool, 1>;  // of a tick's cells

bool is_there(const Operation& operation, const worlds::Schema& schema, const There& there_V) {
  const int64_t offset = schema.offset(operation.index);
  if (operation.cell >= 0) return there_V[offset + operation.cell];
  for (int64_t cell = 0; cell < schema[operation.index].num_cells; ++cell)
    if (!there_V[offset + cell]) return false;
  return true;
}

Outlook source(const Operation& operation, const worlds::Schema& schema, const There& there_V) {
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
    case Op::kKeepWhere:
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

int64_t delayed(int64_t tick, double num_ticks) {
  return static_cast<int64_t>(std::max(static_cast<double>(tick) - num_ticks, 0.0));
}

}  // namespace

int64_t lack_of(const Plan& plan, const worlds::Schema& schema, const at::Tensor& there_TV,
                int64_t tick) {
  const auto there = there_TV.accessor<bool, 2>();
  std::vector<std::vector<Outlook>> outlooks(tick + 1);  // by tick and operation
  std::vector<Outlook> inputs;
  for (int64_t t = 0; t <= tick; ++t) {
    std::vector<Outlook>& now = outlooks[t];
    for (const Operation& operation : plan.operations) {
      const int64_t from = operation.op == Op::kDelay ? delayed(t, operation.number) : t;
      inputs.clear();
      for (const int64_t input : operation.inputs) inputs.push_back(outlooks[from][input]);
      Outlook found =
          inputs.empty() ? source(operation, schema, there[t]) : outlook(operation.op, inputs);
      const bool stays = operation.op == Op::kTrace && found.lack >= 0 && t > 0;
      if (stays) found = outlooks[t - 1][std::ssize(now)];
      now.push_back(found);
    }
  }
  return outlooks[tick][plan.outputs.front()].lack;
}

}  // namespace limbic::brain::steering
