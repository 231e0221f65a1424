#include "limbic/losses/signal_losses.h"

#include <ATen/ATen.h>

#include <cmath>
#include <string>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/losses/functions.h"

namespace limbic::losses {
namespace {

std::vector<int64_t> indices_of(const std::vector<config::Located>& names,
                                const brain::Program& program) {
  std::vector<std::string> assessors;
  for (const std::string& name : program.names()) assessors.push_back("assess." + name);
  config::Problems problems;
  std::vector<int64_t> indices;
  for (const config::Located& name : names) {
    const auto found = std::ranges::find(assessors, name.text);
    indices.push_back(found - assessors.begin());
    if (found != assessors.end()) continue;
    problems.add(name.mark, concat("no assessor is called ", quoted(name.text),
                                   did_you_mean(name.text, assessors)));
  }
  problems.raise();
  return indices;
}

int64_t checked_lead(const AgainstConfig& target, const worlds::Schema& schema) {
  const int64_t lead = target.lead.count;
  if (lead < schema.num_ticks()) return lead;
  config::refuse(
      target.against.mark,
      concat("a lead of ", lead, " ticks leaves nothing of an episode of ", schema.num_ticks()));
}

// The raw output of a claim's assessor is a logit; of any other it is the value itself.
void require_claim(const config::Located& of, const brain::Program& program) {
  for (const brain::SteeringVariable& variable : program.variables()) {
    if (variable.binary || "assess." + variable.name != of.text) continue;
    config::refuse(of.mark, concat(quoted(of.text),
                                   " is a value and no claim, so it has no logit: let its truth "
                                   "compare (truth: x > 0.5), or teach it by mse"));
  }
}

// A bound of a scalar that is no probability; nothing where all values may be.
std::optional<double> improbable_bound(const worlds::Variable& scalar) {
  for (const double bound : {scalar.low, scalar.high}) {
    if (std::isfinite(bound) && (bound < 0 || bound > 1)) return bound;
  }
  return std::nullopt;
}

// What is wrong with a variable of the world as a target; empty if nothing is.
std::string why_no_target(const worlds::Variable& variable, SignalLoss::TargetKind kind,
                          int64_t num_assessors) {
  const bool is_category = variable.kind == worlds::Kind::kCategory;
  if (kind == SignalLoss::TargetKind::kClass && is_category && variable.size != num_assessors) {
    return concat(" has ", variable.size, " categories, and 'of' names ", num_assessors,
                  " assessors: name one for each");
  }
  if (kind != SignalLoss::TargetKind::kProbability) return {};
  if (is_category && variable.size > 2)
    return concat(" has ", variable.size, " categories and is no probability");
  const auto bound = improbable_bound(variable);
  return bound ? concat(" may be ", *bound, " and is no probability: compare it, or scale it")
               : std::string();
}

// What the assessors learn; cross_entropy alone reads a category as one of many.
brain::Program::Probe target_of(const SignalLoss::Names& names, const brain::Program& program,
                                SignalLoss::TargetKind kind) {
  using Reading = brain::Program::Reading;
  const bool is_class = kind == SignalLoss::TargetKind::kClass;
  const config::Located& against = names.target.against;
  auto probe = program.compile_figure(against, is_class ? Reading::kClass : Reading::kNumber);
  if (const worlds::Variable* variable = probe.variable()) {
    const std::string why = why_no_target(*variable, kind, std::ssize(names.of));
    if (!why.empty()) config::refuse(against.mark, quoted(against.text) + why);
  }
  return probe;
}

at::Tensor can_teach(const at::Tensor& target_BT, SignalLoss::TargetKind kind,
                     int64_t num_classes) {
  switch (kind) {
    case SignalLoss::TargetKind::kProbability:
      return target_BT.ge(0).logical_and(target_BT.le(1));
    case SignalLoss::TargetKind::kClass:
      return target_BT.ge(0)
          .logical_and(target_BT.lt(num_classes))
          .logical_and(target_BT.eq(target_BT.trunc()));
    default:
      return target_BT.isfinite();
  }
}

}  // namespace

void CrossEntropyConfig::check(config::Reader& reader, const config::Node& node) const {
  if (of.size() < 2) reader.problem(node.mark, "cross_entropy needs at least 2 assessors");
}

SignalLoss::SignalLoss(const Names& names, const worlds::Schema& schema,
                       const brain::Program& program, Rule rule, TargetKind target_kind)
    : assessors_(indices_of(names.of, program)),
      target_(target_of(names, program, target_kind)),
      where_(names.target.where ? std::optional(program.compile_probe(*names.target.where))
                                : std::nullopt),
      lead_(checked_lead(names.target, schema)),
      rule_(std::move(rule)),
      target_kind_(target_kind) {}

SignalLoss::Taught SignalLoss::taught(const worlds::Episodes& episodes,
                                      const brain::Signals& signals) const {
  const auto evaluated = [&](const brain::Program::Probe& probe) {
    const auto value_BT = probe(episodes, signals.scorecard).detach();
    return value_BT.narrow(1, lead_, value_BT.size(1) - lead_);
  };
  const at::Tensor target_BT = evaluated(target_);
  at::Tensor weight_BT = can_teach(target_BT, target_kind_, std::ssize(assessors_)).to(at::kFloat);
  if (where_) weight_BT = weight_BT * evaluated(*where_).nan_to_num(0, 0, 0).clamp_min(0);
  return {target_BT.nan_to_num(0, 0, 0), weight_BT};
}

at::Tensor SignalLoss::operator()(brain::Brain& /*brain*/, const worlds::Episodes& episodes,
                                  const brain::Signals& signals, const Lesson& /*lesson*/) const {
  const Taught taught = this->taught(episodes, signals);
  const auto named = [&](const at::Tensor& x_BTN) {
    std::vector<at::Tensor> columns;
    for (const int64_t i : assessors_)
      columns.push_back(x_BTN.narrow(1, 0, taught.target_BT.size(1)).select(2, i));
    return at::stack(columns, -1);
  };
  const brain::Scorecard& all = signals.scorecard;
  return rule_({named(all.raw_BTN), named(all.mean_BTN), named(all.variance_BTN)}, taught.target_BT,
               taught.weight_BT);
}

GateSums SignalLoss::gate_sums(const brain::Brain& /*brain*/, const worlds::Episodes& episodes,
                               const brain::Signals& signals, const Lesson& /*lesson*/) const {
  const at::Tensor weight_BT = taught(episodes, signals).weight_BT;
  const at::Tensor count_N = at::zeros({signals.scorecard.raw_BTN.size(2)}, weight_BT.options());
  for (const int64_t i : assessors_) count_N[i].copy_(weight_BT.gt(0).sum());
  return {count_N, count_N};
}

namespace {

LossPointer make(const SignalConfig& config, const worlds::Schema& schema,
                 const brain::Program& program, SignalLoss::Rule rule,
                 SignalLoss::TargetKind target_kind = SignalLoss::TargetKind::kNumber) {
  return std::make_unique<SignalLoss>(SignalLoss::Names{{config.of}, config.target}, schema,
                                      program, std::move(rule), target_kind);
}

at::Tensor first(const at::Tensor& x_BTn) { return x_BTn.select(-1, 0); }

}  // namespace

LossPointer make_mse(const SignalConfig& config, const worlds::Schema& schema,
                     const brain::Program& program) {
  return make(config, schema, program,
              [](const brain::Scorecard& of, const at::Tensor& target, const at::Tensor& weight) {
                return mse(first(of.mean_BTN), target, weight);
              });
}

LossPointer make_bce(const SignalConfig& config, const worlds::Schema& schema,
                     const brain::Program& program) {
  require_claim(config.of, program);
  return make(
      config, schema, program,
      [](const brain::Scorecard& of, const at::Tensor& target, const at::Tensor& weight) {
        return bce(first(of.raw_BTN), target, weight);
      },
      SignalLoss::TargetKind::kProbability);
}

LossPointer make_gaussian_nll(const SignalConfig& config, const worlds::Schema& schema,
                              const brain::Program& program) {
  return make(config, schema, program,
              [](const brain::Scorecard& of, const at::Tensor& target, const at::Tensor& weight) {
                return gaussian_nll({first(of.mean_BTN), first(of.variance_BTN)}, target, weight);
              });
}

LossPointer make_huber(const HuberConfig& config, const worlds::Schema& schema,
                       const brain::Program& program) {
  return make(config.signal, schema, program,
              [delta = config.delta](const brain::Scorecard& of, const at::Tensor& target,
                                     const at::Tensor& weight) {
                return huber(first(of.mean_BTN), target, delta, weight);
              });
}

LossPointer make_cross_entropy(const CrossEntropyConfig& config, const worlds::Schema& schema,
                               const brain::Program& program) {
  return std::make_unique<SignalLoss>(
      SignalLoss::Names{config.of, config.target}, schema, program,
      [](const brain::Scorecard& of, const at::Tensor& target, const at::Tensor& weight) {
        const int64_t last = of.raw_BTN.size(-1) - 1;
        return cross_entropy(of.raw_BTN, target.to(at::kLong).clamp(0, last), weight);
      },
      SignalLoss::TargetKind::kClass);
}

}  // namespace limbic::losses
