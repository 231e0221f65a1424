#include "limbic/brain/steering/compiler.h"

#include <algorithm>
#include <utility>

#include "limbic/brain/steering/order.h"
#include "limbic/brain/steering/presence.h"
#include "limbic/brain/steering/translator.h"
#include "limbic/core/suggest.h"

namespace limbic::brain::steering {
namespace {

class Compiler {
 public:
  Compiler(const SteeringConfig& config, const worlds::Schema& schema)
      : definitions_(definitions_of(config, problems_)),
        made_{.names = Names(schema, definitions_, problems_),
              .code = {},
              .outputs = {},
              .reflexes = std::vector<Reflex>(config.variables.size()),
              .drive_names = std::vector<std::string>(config.drives.size()),
              .drives = std::vector<Value>(config.drives.size())},
        translator_(made_.names, made_.outputs, made_.code, problems_) {
    made_.outputs.realised.resize(definitions_.size());
    made_.outputs.truth.resize(definitions_.size());
  }

  Compilation compile() {
    for (const int64_t index : in_order(definitions_, made_.names, problems_)) define(index);
    for (const Definition& definition : definitions_) {
      if (definition.part == Part::kVariable) finish(definition);
    }
    problems_.raise();
    return std::move(made_);
  }

 private:
  /// The value of an expression of `definition`; broken if it did not parse.
  Value per_tick(const std::optional<Expression>& expression, const Definition& definition,
                 const std::string& prefix = {}) {
    if (!expression) return {};
    return translator_.translate_per_tick(
        *expression, {definition.part, definition.name},
        prefix + word_for(definition.part) + " " + quoted(definition.name));
  }
  Value number(const Value& value) {
    if (value.type == Type::kBroken) return value;
    return made_.code.present_or_zero(made_.code.as_number(value));
  }

  void define(int64_t index) {
    const Definition& definition = definitions_[index];
    Value& realised = made_.outputs.realised[index];
    if (definition.part == Part::kSense) {
      realised = per_tick(definition.value, definition);
    } else if (definition.part == Part::kDrive) {
      realised = number(per_tick(definition.value, definition));
      made_.drive_names[definition.ordinal] = definition.name;
      made_.drives[definition.ordinal] = realised;
    } else {
      const Reflex& reflex = define_variable(definition);
      made_.outputs.truth[index] = reflex.truth;
      realised = reflex.realised;
    }
  }

  const Reflex& define_variable(const Definition& definition) {
    Reflex& reflex = made_.reflexes[definition.ordinal];
    const VariableConfig& config = *definition.variable;
    const Value truth = per_tick(definition.value, definition, "the truth of ");
    reflex.variable = {.name = definition.name,
                       .binary = truth.type == Type::kClaim && config.discount == 0,
                       .lead = config.lead.count,
                       .discount = config.discount,
                       .lambda = config.lambda,
                       .defer = config.defer};
    reflex.truth = number(truth);
    reflex.override = config.override ? override_of(definition) : preset_override(reflex);
    const bool is_sound = truth.type != Type::kBroken && reflex.override.type != Type::kBroken;
    if (is_sound) reflex.realised = realised(reflex, definition);
    return reflex;
  }

  Value override_of(const Definition& definition) {
    const Value value = per_tick(definition.override, definition, "the override of ");
    if (value.type == Type::kBroken) return value;
    const Expression& expression = *definition.override;
    if (value.type != Type::kClaim) {
      problems_.add(expression.mark(), "the override of variable " + quoted(definition.name) +
                                           " must be a claim, such as present(x) or x > 0.5");
      return {};
    }
    if (definition.variable->discount > 0 && made_.code[value.id].op != Op::kAlways) {
      problems_.add(expression.mark(), "variable " + quoted(definition.name) +
                                           " has a discount, so it sums and takes no override");
    }
    return value;
  }

  /// Of a variable that says none: where the truth is not known, the prediction stands.
  Value preset_override(const Reflex& reflex) {
    if (reflex.truth.type == Type::kBroken) return {};
    if (reflex.variable.discount > 0) return made_.code.always_or_never(true);
    return all_present(reflex.truth, made_.code);
  }

  ///   override ? truth : defer * assess      truth + discount * (assess, or what comes later)
  Value realised(const Reflex& reflex, const Definition& definition) {
    Code& code = made_.code;
    const double discount = reflex.variable.discount, lambda = reflex.variable.lambda,
                 defer = reflex.variable.defer;
    const Op override = code[reflex.override.id].op;
    const Operation prediction{.op = Op::kAssess, .index = definition.ordinal};
    if (discount == 0 && override == Op::kAlways) return reflex.truth;
    Value assess = code.source(prediction, Type::kNumber, 1);
    const auto scaled = [&](double factor) {
      return code.elementwise(Op::kMultiply, Type::kNumber, {code.constant(factor), assess});
    };
    if (discount > 0) {
      const auto sum = [&](double factor) {
        return code.elementwise(Op::kAdd, Type::kNumber, {reflex.truth, scaled(factor)});
      };
      if (lambda == 0) return sum(discount);
      const Value step = sum(discount * (1 - lambda)), end = sum(discount);
      return code.returns(step, end, discount * lambda, reflex.variable.lead);
    }
    if (defer != 1) assess = scaled(defer);
    if (override == Op::kNever) return assess;
    return code.elementwise(Op::kWhere, Type::kNumber, {reflex.override, reflex.truth, assess});
  }

  /// What may name every realised output: the gate.
  void finish(const Definition& definition) {
    Reflex& reflex = made_.reflexes[definition.ordinal];
    reflex.gate = shut_below_zero(number(per_tick(definition.gate, definition, "the gate of ")));
    check_factors(definition);
    const int64_t lead = definition.variable->lead.count;
    const int64_t num_ticks = made_.names.schema().num_ticks();
    if (lead < num_ticks) return;
    problems_.add(definition.mark, "variable " + quoted(definition.name) + " has a lead of " +
                                       std::to_string(lead) + " ticks, but an episode has only " +
                                       std::to_string(num_ticks));
  }

  void check_factors(const Definition& definition) {
    const auto refuse = [&](const char* what) {
      problems_.add(definition.mark, "variable " + quoted(definition.name) + what);
    };
    const VariableConfig& config = *definition.variable;
    const bool sums = config.discount > 0, has_lead = config.lead.count > 0;
    if (config.lambda > 0 && !sums) refuse(" has a lambda, so it needs a discount");
    if (sums && !has_lead) refuse(" has a discount, so it needs a lead");
    if (config.defer != 1 && !has_lead) refuse(" has a factor 'defer', so it needs a lead");
    if (config.defer != 1 && sums) refuse(" has a discount, so it takes no factor 'defer'");
  }

  Value shut_below_zero(const Value& gate) {
    Code& code = made_.code;
    const bool is_fixed = gate.type == Type::kBroken || code[gate.id].op == Op::kConstant;
    if (is_fixed && (gate.type == Type::kBroken || code[gate.id].number >= 0)) return gate;
    return code.elementwise(Op::kMax, Type::kNumber, {gate, code.constant(0)});
  }

  config::Problems problems_;
  std::vector<Definition> definitions_;
  Compilation made_;
  Translator translator_;
};

}  // namespace

Compilation compile(const SteeringConfig& config, const worlds::Schema& schema) {
  return Compiler(config, schema).compile();
}

}  // namespace limbic::brain::steering
