#include "limbic/brain/steering/listing.h"

#include "limbic/config/codec.h"

namespace limbic::brain::steering {
namespace {

bool is_constant(const Operation& operation) {
  return operation.op == Op::kConstant || operation.op == Op::kAlways || operation.op == Op::kNever;
}

// As a config would show it: with all the digits that it has.
std::string text_of(double number) { return config::dump_leaf(number).text; }

std::string constant_text(const Operation& operation) {
  return operation.op == Op::kConstant ? text_of(operation.number)
                                       : std::string(name_of(operation.op));
}

/// Shows a plan; constants stand where they are used, all else gets a number.
class Lister {
 public:
  Lister(const Plan& plan, const Compilation& compilation) : compilation_(compilation) {
    int64_t next = 0;
    for (const Operation& operation : plan.operations) {
      labels_.push_back(is_constant(operation) ? constant_text(operation)
                                               : "%" + std::to_string(next++));
    }
  }

  [[nodiscard]] const std::string& label(int64_t index) const { return labels_[index]; }

  [[nodiscard]] std::string call(const Operation& operation) const {
    std::string inside;
    for (const std::string& argument : arguments_of(operation)) {
      inside += (inside.empty() ? "" : ", ") + argument;
    }
    return std::string(name_of(operation.op)) + "(" + inside + ")";
  }

 private:
  [[nodiscard]] std::vector<std::string> arguments_of(const Operation& operation) const {
    std::vector<std::string> arguments;
    for (const int64_t input : operation.inputs) arguments.push_back(label(input));
    if (operation.op == Op::kAssess) {
      arguments.push_back(compilation_.reflexes[operation.index].variable.name);
    } else if (operation.op == Op::kReturn) {
      arguments.push_back("lead " + std::to_string(operation.index));
    } else if (operation.index >= 0) {
      const std::string cell =
          operation.cell >= 0 ? "[" + std::to_string(operation.cell) + "]" : std::string();
      arguments.push_back(compilation_.names.schema()[operation.index].name + cell);
    }
    const bool has_parameter =
        operation.op == Op::kTrace || operation.op == Op::kDelay || operation.op == Op::kReturn;
    if (has_parameter) arguments.push_back(text_of(operation.number));
    return arguments;
  }

  const Compilation& compilation_;
  std::vector<std::string> labels_;
};

}  // namespace

std::string listing(const Plan& plan, const std::vector<std::string>& output_names,
                    const Compilation& compilation) {
  const Lister lister(plan, compilation);
  std::string lines;
  for (size_t i = 0; i < plan.operations.size(); ++i) {
    if (is_constant(plan.operations[i])) continue;
    const std::string& label = lister.label(static_cast<int64_t>(i));
    lines += label + " = " + lister.call(plan.operations[i]) + "\n";
  }
  for (size_t i = 0; i < output_names.size(); ++i) {
    lines += output_names[i] + " = " + lister.label(plan.outputs[i]) + "\n";
  }
  return lines;
}

}  // namespace limbic::brain::steering
