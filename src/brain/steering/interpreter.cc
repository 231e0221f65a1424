#include "limbic/brain/steering/interpreter.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

#include <limits>
#include <vector>

namespace limbic::brain::steering {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

using Inputs = std::vector<at::Tensor>;

/// The cells of a variable that an operation reads, at the ticks it reaches: [B, t, cells] bool,
/// on the device.
at::Tensor present_BtC(const Operation& operation, const ProgramContext& context) {
  const worlds::Variable& variable = context.schema[operation.index];
  const bool is_whole = operation.cell < 0;
  return context.episodes.present_BTV.narrow(1, 0, variable.num_ticks)
      .narrow(2, context.schema.offset(operation.index) + (is_whole ? 0 : operation.cell),
              is_whole ? variable.num_cells : 1)
      .to(context.device(), /*non_blocking=*/true);
}

at::Tensor present(const Operation& operation, const ProgramContext& context) {
  const int64_t missing_ticks = context.num_ticks() - context.schema[operation.index].num_ticks;
  const at::Tensor there_Bt = present_BtC(operation, context).all(2);
  return at::constant_pad_nd(there_Bt, {0, missing_ticks}, 0);
}

at::Tensor load(const Operation& operation, const ProgramContext& context) {
  const worlds::Variable& variable = context.schema[operation.index];
  at::Tensor value = context.episodes.value[operation.index].to(at::kFloat);
  if (operation.cell >= 0) value = value.narrow(2, operation.cell, 1);
  at::Tensor absent = present_BtC(operation, context).bitwise_not();
  if (variable.kind == worlds::Kind::kVector) absent = absent.unsqueeze(3);
  value = value.masked_fill(absent, kAbsent).flatten(2);
  const int64_t missing_ticks = context.num_ticks() - variable.num_ticks;
  if (missing_ticks > 0) value = at::constant_pad_nd(value, {0, 0, 0, missing_ticks}, kAbsent);
  return value.size(2) == 1 ? value.squeeze(2) : value;
}

at::Tensor as_ticks(const at::Tensor& constant, const ProgramContext& context) {
  return constant.expand({context.num_rows(), context.num_ticks()}).contiguous();
}

at::Tensor constant(double number, at::ScalarType type, const ProgramContext& context) {
  return at::scalar_tensor(number, at::TensorOptions(type).device(context.device()));
}

at::Tensor source(const Operation& operation, const ProgramContext& context) {
  switch (operation.op) {
    case Op::kAlways:
      return constant(true, at::kBool, context);
    case Op::kNever:
      return constant(false, at::kBool, context);
    case Op::kLoad:
      return load(operation, context);
    case Op::kPresent:
      return present(operation, context);
    case Op::kAssess:
      return context.scorecard.mean_BTN.select(2, operation.index).to(at::kFloat);
    default:
      return constant(operation.number, at::kFloat, context);
  }
}

at::Tensor unary(Op op, const at::Tensor& x) {
  switch (op) {
    case Op::kNumber:
      return x.to(at::kFloat);
    case Op::kSpread:
      return x.unsqueeze(2);
    case Op::kPresentOrZero:
      return at::nan_to_num(x, 0.0, /*posinf=*/0.0, /*neginf=*/0.0);
    case Op::kNegate:
      return x.neg();
    case Op::kAbs:
      return x.abs();
    case Op::kExp:
      return x.exp();
    case Op::kLog:
      return x.log();
    case Op::kSqrt:
      return x.sqrt();
    case Op::kRelu:
      return x.relu();
    case Op::kSigmoid:
      return x.sigmoid();
    case Op::kNot:
      return x.bitwise_not();
    case Op::kMeanOfCells:
      return x.to(at::kFloat).mean(2);
    case Op::kMinOfCells:
      return x.amin(2);
    case Op::kMaxOfCells:
      return x.amax(2);
    case Op::kAllOfCells:
      return x.all(2);
    default:
      return x.any(2);
  }
}

at::Tensor binary(Op op, const at::Tensor& a, const at::Tensor& b) {
  switch (op) {
    case Op::kAdd:
      return a + b;
    case Op::kSubtract:
      return a - b;
    case Op::kMultiply:
      return a * b;
    case Op::kDivide:
      return a / b;
    case Op::kMin:
      return at::minimum(a, b);
    case Op::kMax:
      return at::maximum(a, b);
    case Op::kLess:
      return a.lt(b);
    case Op::kLessEqual:
      return a.le(b);
    case Op::kGreater:
      return a.gt(b);
    case Op::kGreaterEqual:
      return a.ge(b);
    case Op::kEqual:
      return a.eq(b);
    case Op::kNotEqual:
      return a.lt(b) | a.gt(b);  // false for NaN, as ne is not
    case Op::kAnd:
      return a & b;
    case Op::kKeepWhere:
      return a.masked_fill(b.bitwise_not(), kAbsent);
    default:
      return a | b;
  }
}

at::Tensor delay(const at::Tensor& x, double num_ticks) {
  const int64_t whole = x.size(1);
  const int64_t by =
      num_ticks < static_cast<double>(whole) ? static_cast<int64_t>(num_ticks) : whole;
  std::vector<int64_t> shape = x.sizes().vec();
  shape[1] = by;
  return at::cat({x.narrow(1, 0, 1).expand(shape), x.narrow(1, 0, whole - by)}, 1);
}

at::Tensor trace(const at::Tensor& x, double tau) {
  Inputs ticks{x.select(1, 0)};
  for (int64_t t = 1; t < x.size(1); ++t) {
    const at::Tensor& before = ticks.back();
    const at::Tensor now = x.select(1, t);
    const at::Tensor moved = at::where(now.isnan(), before, at::lerp(before, now, 1.0 / tau));
    ticks.push_back(at::where(before.isnan(), now, moved));
  }
  return at::stack(ticks, 1);
}

at::Tensor returns(const at::Tensor& step, const at::Tensor& end, double factor, int64_t lead) {
  std::vector<at::Tensor> ticks(step.size(1));
  for (int64_t t = step.size(1) - 1; t >= 0; --t) {
    const bool has_later = t + lead < step.size(1);
    ticks[t] = has_later ? step.select(1, t) + factor * ticks[t + lead] : end.select(1, t);
  }
  return at::stack(ticks, 1);
}

at::Tensor run(const Operation& operation, const Inputs& in, const ProgramContext& context) {
  if (in.empty()) return source(operation, context);
  switch (operation.op) {
    case Op::kTicks:
      return as_ticks(in[0], context);
    case Op::kTrace:
      return trace(in[0], operation.number);
    case Op::kDelay:
      return delay(in[0], operation.number);
    case Op::kReturn:
      return returns(in[0], in[1], operation.number, operation.index);
    case Op::kWhere:
      return at::where(in[0], in[1], in[2]);
    default:
      return in.size() == 1 ? unary(operation.op, in[0]) : binary(operation.op, in[0], in[1]);
  }
}

}  // namespace

at::Device ProgramContext::device() const {
  if (scorecard.mean_BTN.defined()) return scorecard.mean_BTN.device();
  return episodes.value.empty() ? at::Device(at::kCPU) : episodes.value.front().device();
}

std::vector<at::Tensor> run_plan(const Plan& plan, const ProgramContext& context) {
  const at::NoGradGuard no_grad;
  Inputs results, inputs, outputs;
  results.reserve(plan.operations.size());
  for (const Operation& operation : plan.operations) {
    inputs.clear();
    for (const int64_t input : operation.inputs) inputs.push_back(results[input]);
    results.push_back(run(operation, inputs, context));
  }
  for (const int64_t output : plan.outputs) outputs.push_back(results[output]);
  return outputs;
}

}  // namespace limbic::brain::steering
