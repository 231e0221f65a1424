#include "limbic/brain/steering/listing.h"

#include <sstream>

namespace limbic::brain::steering {
namespace {

bool is_constant(const Operation& operation) {
  return operation.op == Op::kConstant || operation.op == Op::kAlways || operation.op == Op::kNever;
}

std::string text_of(double number) {
  std::ostringstream out;
  out << number;
  return std::move(out).str();
}

std::string constant_text(const Operation& operation) {
  return operation.op == Op::kConstant ? text_of(operation.number)
                                       : std::string(name_of(operation.op));
}

std::string reference(const Plan& plan, int64_t index) {
  const Operation& operation = plan.operations[index];
  return is_constant(operation) ? constant_text(operation) : "%" + std::to_string(index);
}

/// What an operation works on.
std::vector<std::string> arguments_of(const Operation& operation, const Plan& plan,
                                      const Compilation& compilation) {
  std::vector<std::string> arguments;
  for (const int64_t input : operation.inputs) arguments.push_back(reference(plan, input));
  if (operation.op == Op::kAssess) {
    arguments.push_back(compilation.reflexes[operation.index].name);
  } else if (operation.index >= 0) {
    const std::string cell =
        operation.cell >= 0 ? "[" + std::to_string(operation.cell) + "]" : std::string();
    arguments.push_back(compilation.names.schema()[operation.index].name + cell);
  }
  const bool has_parameter = operation.op == Op::kTrace || operation.op == Op::kDelay;
  if (has_parameter) arguments.push_back(text_of(operation.number));
  return arguments;
}

}  // namespace

std::string listing(const Plan& plan, const std::vector<std::string>& output_names,
                    const Compilation& compilation) {
  std::string lines;
  for (size_t i = 0; i < plan.operations.size(); ++i) {
    const Operation& operation = plan.operations[i];
    if (is_constant(operation)) continue;
    std::string inside;
    for (const std::string& argument : arguments_of(operation, plan, compilation)) {
      inside += (inside.empty() ? "" : ", ") + argument;
    }
    lines +=
        "%" + std::to_string(i) + " = " + std::string(name_of(operation.op)) + "(" + inside + ")\n";
  }
  for (size_t i = 0; i < output_names.size(); ++i) {
    lines += output_names[i] + " = " + reference(plan, plan.outputs[i]) + "\n";
  }
  return lines;
}

}  // namespace limbic::brain::steering
