#include "limbic/curriculum/check.h"

#include <algorithm>
#include <limits>
#include <optional>
#include <string_view>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::curriculum {
namespace {

using Kind = Condition::Kind;

bool contains(const std::vector<std::string>& words, std::string_view word) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

// ---- names

void check_metrics(const Condition& condition, const Known& known, config::Problems& errors) {
  for (const Condition* leaf : leaves(condition)) {
    if (leaf->kind == Kind::kAfter) continue;
    const bool is_loss = leaf->metric.text.starts_with("loss/");
    check_metric(leaf->metric, known, errors, is_loss ? "; conditions are about evals" : "");
  }
}

void settle_directions(Condition& condition, const Known& known, config::Problems& errors) {
  for (Condition& part : condition.parts) settle_directions(part, known, errors);
  if (condition.kind == Kind::kPlateau && !condition.direction)
    condition.direction = direction_of(condition.metric, known, errors);
}

void check_regime(const config::Located& regime, const Known& known, config::Problems& errors) {
  if (contains(known.regimes, regime.text)) return;
  errors.add(regime.mark, concat("the world has no regime ", quoted(regime.text),
                                 did_you_mean(regime.text, known.regimes)));
}

void check_regimes(const StagePlan& stage, const Known& known, config::Problems& errors) {
  for (const auto& share : stage.episodes) check_regime({share.key, share.mark}, known, errors);
  if (stage.episodes.empty() && known.regimes.size() > 1) {
    errors.add(stage.name.mark, concat("stage ", quoted(stage.name.text),
                                       " needs 'episodes': the world has more than one regime",
                                       did_you_mean("", known.regimes)));
  }
}

void check_circuits(const CircuitFactors& factors, const Known& known, config::Problems& errors) {
  std::map<std::string, const CircuitFactors::Item*> owners;
  for (const auto& item : factors.items) {
    const auto matched = item.matched(known.circuits);
    for (const std::string& circuit : matched) {
      const auto [owner, is_first] = owners.emplace(circuit, &item);
      if (is_first) continue;
      errors.add(item.mark, concat("circuit ", quoted(circuit), " is named by both ",
                                   quoted(owner->second->pattern), " and ", quoted(item.pattern)));
    }
    if (!matched.empty()) continue;
    errors.add(item.mark, concat("no circuit matches ", quoted(item.pattern),
                                 did_you_mean(item.pattern, known.circuits)));
  }
}

/// Factors on the rate of what has none: circuits that all learn by a rule of their own.
void check_factors(const CircuitFactors& train, const Known& known, config::Problems& errors) {
  for (const auto& item : train.items) {
    const auto own = item.matched(known.by_own_rule);
    if (item.factor == 1 || own.empty() || own.size() < item.matched(known.circuits).size())
      continue;
    errors.add(item.mark, concat(quoted(item.pattern),
                                 " learns by a rule of its own, so no factor changes its rate"));
  }
}

/// True if a pattern matches no circuit, which is noted elsewhere.
bool names_nothing(const CircuitFactors& factors, const Known& known) {
  return std::ranges::any_of(factors.items, [&](const CircuitFactors::Item& item) {
    return item.matched(known.circuits).empty();
  });
}

void check_fall_back(const std::vector<StagePlan>& plan, size_t index, config::Problems& errors) {
  const config::Located& to = plan[index].fall_back->to;
  const auto is_target = [&](const StagePlan& stage) { return stage.name.text == to.text; };
  const auto here = plan.begin() + static_cast<std::ptrdiff_t>(index);
  if (std::any_of(plan.begin(), here, is_target)) return;
  if (std::any_of(here, plan.end(), is_target)) {
    errors.add(to.mark, concat("'fall_back' leads to an earlier stage; ", quoted(to.text),
                               is_target(*here) ? " is this one" : " comes later"));
    return;
  }
  std::vector<std::string_view> names;
  for (const StagePlan& stage : plan) names.emplace_back(stage.name.text);
  errors.add(to.mark, concat("no stage ", quoted(to.text), " to fall back to",
                             did_you_mean(to.text, names)));
}

/// A loss of regimes that the stage never draws. Regimes that do not exist are noted elsewhere.
void check_has_episodes(const StagePlan& stage, const LossTargets& loss, const Known& known,
                        config::Problems& errors) {
  const auto shares = stage.shares(known.regimes);
  const bool is_drawn =
      std::any_of(loss.regimes.begin(), loss.regimes.end(), [&](const config::Located& regime) {
        const auto share = shares.find(regime.text);
        return !contains(known.regimes, regime.text) ||
               (share != shares.end() && share->second > 0);
      });
  if (is_drawn || loss.regimes.empty()) return;
  errors.add(loss.mark, concat("loss ", quoted(loss.name), " never applies: stage ",
                               quoted(stage.name.text), " draws no episodes of its regimes"));
}

// ---- time

bool contradict(const Condition& a, const Condition& b) {
  return a.kind == Kind::kBelow && b.kind == Kind::kAbove && a.metric == b.metric &&
         a.threshold <= b.threshold;
}

/// How soon a stage may see a metric.
struct Sight {
  const std::map<std::string, Metric>& metrics;
  bool begins_with_run;  // if not, the first evaluation may come one step after it begins
};

Sight sight_of(const std::vector<StagePlan>& plan, size_t index, const Known& known) {
  const bool is_returned_to = std::ranges::any_of(plan, [&](const StagePlan& stage) {
    return stage.fall_back && stage.fall_back->to.text == plan[index].name.text;
  });
  return {known.metrics, index == 0 && !is_returned_to};
}

/// The first step of the stage at which it can hold; none if it never can.
std::optional<int64_t> may_hold_at(const Condition& condition, const Sight& sight);

std::optional<int64_t> all_may_hold_at(const Condition& all, const Sight& sight) {
  int64_t step = 0;
  for (const Condition& part : all.parts) {
    const auto at = may_hold_at(part, sight);
    const bool is_contradicted =
        std::any_of(all.parts.begin(), all.parts.end(),
                    [&](const Condition& other) { return contradict(part, other); });
    if (!at || is_contradicted) return std::nullopt;
    step = std::max(step, *at);
  }
  return step;
}

std::optional<int64_t> any_may_hold_at(const Condition& any, const Sight& sight) {
  std::optional<int64_t> step;
  for (const Condition& part : any.parts) {
    const auto at = may_hold_at(part, sight);
    if (at) step = std::min(step.value_or(*at), *at);
  }
  return step;
}

std::optional<int64_t> may_hold_at(const Condition& condition, const Sight& sight) {
  if (condition.kind == Kind::kAll) return all_may_hold_at(condition, sight);
  if (condition.kind == Kind::kAny) return any_may_hold_at(condition, sight);
  if (condition.kind == Kind::kAfter) return condition.window;
  const auto metric = sight.metrics.find(condition.metric.text);
  if (metric == sight.metrics.end()) return 1;  // noted elsewhere
  const int64_t period = metric->second.every;
  const int64_t evals = condition.window + (condition.kind == Kind::kPlateau ? 1 : 0);
  int64_t step = 0;
  if (__builtin_mul_overflow(evals - 1, period, &step) ||
      __builtin_add_overflow(step, sight.begins_with_run ? period : 1, &step))
    return std::numeric_limits<int64_t>::max();
  return step;
}

/// Says why, if the stage can only fail.
std::optional<std::string> why_it_cannot_end(const StagePlan& stage, const Sight& sight) {
  const auto until = may_hold_at(*stage.until, sight);
  const auto timeout = stage.timeout();
  if (stage.on_timeout == OnTimeout::kAdvance && timeout) return std::nullopt;
  if (!until) return "its 'until' contradicts itself";
  if (!timeout || *until <= *timeout) return std::nullopt;
  return concat("'until' needs ", steps_text(*until), ", its time is up after ",
                steps_text(*timeout));
}

void warn_of_late_conditions(const StagePlan& stage, const Condition& condition, const Sight& sight,
                             config::Problems& warnings) {
  const int64_t end = stage.sure_end();
  for (const Condition* leaf : leaves(condition)) {
    const auto first = may_hold_at(*leaf, sight);
    if (leaf->kind == Kind::kAfter || *first <= end) continue;
    warnings.add(leaf->metric.mark,
                 concat("'", leaf->text(), "' can't hold before step ", *first, " of stage ",
                        quoted(stage.name.text), ", which ends at ", end));
  }
}

void check_time(const std::vector<StagePlan>& plan, const Known& known, Findings findings) {
  std::string blocked_by;
  for (size_t i = 0; i < plan.size(); ++i) {
    const StagePlan& stage = plan[i];
    const Sight sight = sight_of(plan, i, known);
    if (!blocked_by.empty()) {
      findings.errors.add(stage.name.mark,
                          concat("stage ", quoted(stage.name.text),
                                 " is unreachable: ", quoted(blocked_by), " before it can't end"));
    }
    const auto why = why_it_cannot_end(stage, sight);
    if (why) {
      findings.errors.add(stage.name.mark,
                          concat("stage ", quoted(stage.name.text), " can't end: ", *why));
      if (blocked_by.empty()) blocked_by = stage.name.text;
    }
    warn_of_late_conditions(stage, *stage.until, sight, findings.warnings);
    if (stage.fall_back) {
      warn_of_late_conditions(stage, stage.fall_back->when, sight, findings.warnings);
    }
  }
}

}  // namespace

void check_metric(const config::Located& metric, const Known& known, config::Problems& errors,
                  std::string_view aside) {
  const auto is_of = [&](const std::string& eval) {
    return metric.text == eval || metric.text.starts_with(eval + ".");
  };
  if (known.metrics.contains(metric.text) || std::ranges::any_of(known.unmade, is_of)) return;
  std::vector<std::string_view> names;
  for (const auto& [name, measured] : known.metrics) names.emplace_back(name);
  errors.add(metric.mark, concat("no eval measures ", quoted(metric.text), aside,
                                 did_you_mean(metric.text, names)));
}

std::optional<config::Direction> direction_of(const config::Located& metric, const Known& known,
                                              config::Problems& errors) {
  const auto found = known.metrics.find(metric.text);
  if (found == known.metrics.end()) return std::nullopt;
  if (!found->second.better) {
    errors.add(metric.mark, concat("of ", quoted(metric.text),
                                   " neither lower nor higher is better by itself; say which with "
                                   "'direction'"));
  }
  return found->second.better;
}

void settle_directions(StagePlan& stage, const Known& known, config::Problems& errors) {
  settle_directions(*stage.until, known, errors);
  if (stage.fall_back) settle_directions(stage.fall_back->when, known, errors);
}

void check_plan(const std::vector<StagePlan>& plan, const Known& known, Findings findings) {
  for (size_t i = 0; i < plan.size(); ++i) {
    check_regimes(plan[i], known, findings.errors);
    check_circuits(plan[i].train, known, findings.errors);
    check_factors(plan[i].train, known, findings.errors);
    check_metrics(*plan[i].until, known, findings.errors);
    if (!plan[i].fall_back) continue;
    check_metrics(plan[i].fall_back->when, known, findings.errors);
    check_fall_back(plan, i, findings.errors);
  }
  check_time(plan, known, findings);
}

void check_losses(const StagePlan& stage, const std::vector<LossTargets>& losses,
                  const Known& known, Findings findings) {
  const auto trained = stage.train.resolve(known.circuits);
  std::map<std::string, double> taught;
  for (const LossTargets& loss : losses) {
    check_circuits(loss.trains, known, findings.errors);
    for (const config::Located& regime : loss.regimes) check_regime(regime, known, findings.errors);
    check_has_episodes(stage, loss, known, findings.errors);
    const auto targets = loss.trains.resolve(known.circuits);
    taught.insert(targets.begin(), targets.end());
    const bool is_frozen = std::none_of(targets.begin(), targets.end(), [&](const auto& target) {
      return trained.contains(target.first);
    });
    const bool has_typo = names_nothing(loss.trains, known) || names_nothing(stage.train, known);
    if (!is_frozen || has_typo) continue;
    findings.errors.add(loss.mark, concat("loss ", quoted(loss.name), " trains nothing: stage ",
                                          quoted(stage.name.text), " freezes all its targets"));
  }
  for (const auto& [circuit, factor] : trained) {
    if (taught.contains(circuit) || contains(known.by_own_rule, circuit)) continue;
    findings.warnings.add(stage.name.mark, concat("stage ", quoted(stage.name.text), " trains ",
                                                  quoted(circuit), ", but no loss of it does"));
  }
}

}  // namespace limbic::curriculum
