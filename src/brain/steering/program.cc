#include "limbic/brain/steering/program.h"

#include <ATen/ATen.h>

#include <limits>
#include <utility>

#include "limbic/brain/steering/interpreter.h"
#include "limbic/brain/steering/lack.h"
#include "limbic/brain/steering/listing.h"
#include "limbic/brain/steering/presence.h"
#include "limbic/brain/steering/translator.h"
#include "limbic/core/suggest.h"

namespace limbic::brain {
namespace {

using steering::Plan;
using steering::Reflex;
using steering::Value;

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();

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

std::vector<std::string> names_of(const std::vector<SteeringVariable>& variables) {
  std::vector<std::string> names;
  for (const SteeringVariable& variable : variables) names.push_back(variable.name);
  return names;
}

/// Hands out the next outputs of a plan, stacked along a last dimension.
class Stacker {
 public:
  Stacker(std::vector<at::Tensor> outputs, const steering::ProgramContext& context)
      : outputs_(std::move(outputs)), context_(context) {}

  at::Tensor next(int64_t count, at::ScalarType dtype) {
    if (count == 0) {
      return at::empty({context_.num_rows(), context_.num_ticks(), 0},
                       at::TensorOptions(dtype).device(context_.device()));
    }
    const at::TensorList part = at::TensorList(outputs_).slice(at_, count);
    at_ += count;
    return at::stack(part, 2);
  }

 private:
  std::vector<at::Tensor> outputs_;
  const steering::ProgramContext& context_;
  int64_t at_ = 0;
};

// In bytes of YAML, without the sections that say nothing.
int64_t size_of_genome(const SteeringConfig& config) {
  config::Node innate = config::dump(config);
  std::erase_if(innate.entries, [](const auto& section) { return section.value.entries.empty(); });
  return innate.entries.empty() ? 0 : std::ssize(config::to_yaml(innate));
}

/// What a probe says, in operations added to `code`, which holds those of the program.
Value translated(const config::Located& expression, const steering::Compilation& compilation,
                 steering::Code& code) {
  config::Problems problems;
  steering::Translator translator(compilation.names, compilation.outputs, code, problems);
  Value value;
  if (const auto parsed = steering::parse_expression(expression, problems)) {
    value = translator.translate_per_tick(*parsed, {}, "a probe");
  }
  problems.raise();
  return value;
}

void refuse_classes(const config::Located& expression, const worlds::Variable& category) {
  if (category.names.size() <= 2) return;
  config::refuse(expression.mark,
                 concat(quoted(expression.text), " is a category of ", category.names.size(),
                        " names and no number: compare it, as in ", expression.text, " == '",
                        category.names.front(), "'"));
}

}  // namespace

struct Program::Compiled {
  Compiled(const SteeringConfig& config, const worlds::Schema& schema)
      : compilation(steering::compile(config, schema)),
        plan(plan_of(compilation)),
        variables(variables_of(compilation)),
        names(names_of(variables)),
        genome_bytes(size_of_genome(config)) {}

  [[nodiscard]] const worlds::Schema& schema() const { return compilation.names.schema(); }

  steering::Compilation compilation;
  Plan plan;
  std::vector<SteeringVariable> variables;
  std::vector<std::string> names;  // theirs
  int64_t genome_bytes;
};

struct Program::Probe::Body {
  Body(std::shared_ptr<const Compiled> of, const Value& value, const steering::Code& code,
       const std::vector<Value>& outputs)
      : program(std::move(of)),
        plan(code.plan(outputs)),
        is_claim(value.type == steering::Type::kClaim) {
    const steering::Operation& last = code[value.id];
    if (last.op == steering::Op::kLoad) variable = last.index;
  }

  std::shared_ptr<const Compiled> program;
  Plan plan;  // of the value and, for a figure, whether all that it reads is there
  bool is_claim;
  int64_t variable = -1;  // of the world
};

Program::Program(const SteeringConfig& config, const worlds::Schema& schema)
    : compiled_(std::make_shared<const Compiled>(config, schema)) {}

const std::vector<SteeringVariable>& Program::variables() const { return compiled_->variables; }
const std::vector<std::string>& Program::names() const { return compiled_->names; }
const std::vector<std::string>& Program::drives() const {
  return compiled_->compilation.drive_names;
}
int64_t Program::num_ticks() const { return compiled_->schema().num_ticks(); }
int64_t Program::genome_bytes() const { return compiled_->genome_bytes; }

std::string Program::listing() const {
  std::vector<std::string> outputs;
  for (const char* what : {".truth", ".override", ".gate", ""}) {
    for (const std::string& name : names()) outputs.push_back(name + what);
  }
  outputs.insert(outputs.end(), drives().begin(), drives().end());
  return steering::listing(compiled_->plan, outputs, compiled_->compilation);
}

Steer Program::run(const worlds::Episodes& episodes, const Scorecard& scorecard) const {
  const auto num_variables = std::ssize(variables());
  const steering::ProgramContext context{compiled_->schema(), episodes, scorecard};
  TORCH_CHECK(num_variables == 0 || scorecard.mean_BTN.size(2) == num_variables, "a program of ",
              num_variables, " variables got a scorecard of ", scorecard.mean_BTN.sizes());
  Stacker stacker(run_plan(compiled_->plan, context), context);
  Steer steer;
  steer.truth_BTN = stacker.next(num_variables, at::kFloat);
  steer.override_BTN = stacker.next(num_variables, at::kBool);
  steer.gate_BTN = stacker.next(num_variables, at::kFloat);
  steer.realised_BTN = stacker.next(num_variables, at::kFloat);
  steer.reward_BTR = stacker.next(std::ssize(drives()), at::kFloat);
  return steer;
}

Program::Probe Program::compile_probe(const config::Located& expression) const {
  steering::Code code = compiled_->compilation.code;
  const Value value = translated(expression, compiled_->compilation, code);
  const std::vector<Value> outputs{code.as_ticks(code.as_number(value))};
  return Probe(std::make_shared<const Probe::Body>(compiled_, value, code, outputs));
}

Program::Probe Program::compile_figure(const config::Located& expression, Reading reading) const {
  steering::Code code = compiled_->compilation.code;
  const Value value = translated(expression, compiled_->compilation, code);
  if (reading == Reading::kNumber && value.type == steering::Type::kCategory)
    refuse_classes(expression, compiled_->schema()[value.category]);
  const Value there = steering::all_present(value, code);
  std::vector<Value> outputs{code.as_ticks(code.as_number(value))};
  if (code[there.id].op != steering::Op::kAlways) outputs.push_back(code.as_ticks(there));
  return Probe(std::make_shared<const Probe::Body>(compiled_, value, code, outputs));
}

bool Program::Probe::is_claim() const { return body_->is_claim; }

const worlds::Variable* Program::Probe::variable() const {
  return body_->variable < 0 ? nullptr : &body_->program->schema()[body_->variable];
}

at::Tensor Program::Probe::operator()(const worlds::Episodes& episodes,
                                      const Scorecard& scorecard) const {
  const auto outputs = run_plan(body_->plan, {body_->program->schema(), episodes, scorecard});
  if (outputs.size() == 1) return outputs.front();
  return outputs[0].masked_fill(outputs[1].logical_not(), kAbsent);
}

int64_t Program::Probe::lack(const at::Tensor& there_TV, int64_t tick) const {
  return steering::lack_of(body_->plan, body_->program->schema(), there_TV, tick);
}

}  // namespace limbic::brain
