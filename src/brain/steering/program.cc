#include "limbic/brain/steering/program.h"

#include <ATen/ATen.h>

#include <utility>

#include "limbic/brain/steering/interpreter.h"
#include "limbic/brain/steering/listing.h"
#include "limbic/brain/steering/translator.h"

namespace limbic::brain {
namespace {

using steering::Plan;
using steering::Reflex;
using steering::Value;

/// One plan for all that a Steer holds: truths, overrides, gates, realised outputs, drives.
Plan plan_of(steering::Compilation& compilation) {
  std::vector<Value> outputs;
  const auto add = [&](const Value& value) { outputs.push_back(compilation.code.as_ticks(value)); };
  for (const Reflex& reflex : compilation.reflexes) add(reflex.truth);
  for (const Reflex& reflex : compilation.reflexes) add(reflex.override);
  for (const Reflex& reflex : compilation.reflexes) add(reflex.gate);
  for (const Reflex& reflex : compilation.reflexes) add(reflex.realised);
  for (const Value& drive : compilation.drives) add(drive);
  return compilation.code.plan(outputs);
}

std::vector<SteeringVariable> variables_of(const steering::Compilation& compilation) {
  std::vector<SteeringVariable> variables;
  for (const Reflex& reflex : compilation.reflexes) variables.push_back(reflex.variable);
  return variables;
}

/// Hands out the next outputs of a plan, stacked along a last dimension.
class Stacker {
 public:
  Stacker(std::vector<at::Tensor> outputs, const steering::Moment& moment)
      : outputs_(std::move(outputs)), moment_(moment) {}

  at::Tensor next(int64_t count, at::ScalarType dtype) {
    if (count == 0) {
      return at::empty({moment_.num_rows(), moment_.num_ticks(), 0},
                       at::TensorOptions(dtype).device(moment_.device()));
    }
    const at::TensorList part = at::TensorList(outputs_).slice(at_, count);
    at_ += count;
    return at::stack(part, 2);
  }

 private:
  std::vector<at::Tensor> outputs_;
  const steering::Moment& moment_;
  int64_t at_ = 0;
};

// In bytes of YAML, without the sections that say nothing.
int64_t size_of_genome(const SteeringConfig& config) {
  config::Node innate = config::dump(config);
  std::erase_if(innate.entries, [](const auto& section) { return section.value.entries.empty(); });
  return innate.entries.empty() ? 0 : std::ssize(config::to_yaml(innate));
}

}  // namespace

struct Program::Compiled {
  Compiled(const SteeringConfig& config, const worlds::Schema& schema)
      : compilation(steering::compile(config, schema)),
        plan(plan_of(compilation)),
        variables(variables_of(compilation)),
        genome_bytes(size_of_genome(config)) {}

  [[nodiscard]] const worlds::Schema& schema() const { return compilation.names.schema(); }

  steering::Compilation compilation;
  Plan plan;
  std::vector<SteeringVariable> variables;
  int64_t genome_bytes;
};

class Program::Probe {
 public:
  Plan plan;
  bool is_claim = false;
};

Program::Program(const SteeringConfig& config, const worlds::Schema& schema)
    : compiled_(std::make_shared<const Compiled>(config, schema)) {}

Program::~Program() = default;

const std::vector<SteeringVariable>& Program::variables() const { return compiled_->variables; }
const std::vector<std::string>& Program::drives() const {
  return compiled_->compilation.drive_names;
}
int64_t Program::num_ticks() const { return compiled_->schema().num_ticks(); }
int64_t Program::genome_bytes() const { return compiled_->genome_bytes; }

std::string Program::listing() const {
  std::vector<std::string> names;
  for (const char* what : {".truth", ".override", ".gate", ""}) {
    for (const SteeringVariable& variable : variables()) names.push_back(variable.name + what);
  }
  names.insert(names.end(), drives().begin(), drives().end());
  return steering::listing(compiled_->plan, names, compiled_->compilation);
}

Steer Program::run(const worlds::Episodes& episodes, const Scorecard& scorecard) const {
  const auto num_variables = std::ssize(variables());
  const steering::Moment moment{compiled_->schema(), episodes, scorecard};
  TORCH_CHECK(num_variables == 0 || scorecard.mean_BTN.size(2) == num_variables, "a program of ",
              num_variables, " variables got a scorecard of ", scorecard.mean_BTN.sizes());
  Stacker stacker(run_plan(compiled_->plan, moment), moment);
  Steer steer;
  steer.truth_BTN = stacker.next(num_variables, at::kFloat);
  steer.override_BTN = stacker.next(num_variables, at::kBool);
  steer.gate_BTN = stacker.next(num_variables, at::kFloat);
  steer.realised_BTN = stacker.next(num_variables, at::kFloat);
  steer.reward_BTR = stacker.next(std::ssize(drives()), at::kFloat);
  return steer;
}

std::shared_ptr<const Program::Probe> Program::compile_probe(
    const config::Located& expression) const {
  config::Problems problems;
  steering::Code code = compiled_->compilation.code;
  steering::Translator translator(compiled_->compilation.names, compiled_->compilation.outputs,
                                  code, problems);
  Value value;
  if (const auto parsed = steering::parse_expression(expression, problems)) {
    value = translator.translate_per_tick(*parsed, {}, "a probe");
  }
  problems.raise();
  auto probe = std::make_shared<Probe>();
  probe->plan = code.plan({code.as_ticks(code.as_number(value))});
  probe->is_claim = value.type == steering::Type::kClaim;
  return probe;
}

bool Program::is_claim(const Probe& probe) { return probe.is_claim; }

at::Tensor Program::evaluate(const Probe& probe, const worlds::Episodes& episodes,
                             const Scorecard& scorecard) const {
  return run_plan(probe.plan, {compiled_->schema(), episodes, scorecard}).front();
}

}  // namespace limbic::brain
