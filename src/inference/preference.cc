#include "limbic/inference/preference.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <limits>
#include <optional>
#include <string>

#include "limbic/brain/steering/expression.h"
#include "limbic/config/overrides.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"

namespace limbic::inference {

using brain::steering::Term;
using worlds::Episodes;
using worlds::Schema;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// `left - right` of an expression that is one comparison `left < right`, the other way round of
// one by >; nothing of any other.
std::optional<config::Located> difference(const config::Located& expression) {
  config::Problems problems;
  const auto parsed = brain::steering::parse_expression(expression, problems);
  if (!parsed || parsed->terms.back().kind != Term::Kind::kOperator) return std::nullopt;
  const Term& whole = parsed->terms.back();
  if (!whole.text.starts_with('<') && !whole.text.starts_with('>')) return std::nullopt;
  const std::string& text = expression.text;
  const std::string left = text.substr(0, whole.offset);
  if (std::ranges::count(left, '(') != std::ranges::count(left, ')')) return std::nullopt;
  const std::string right = text.substr(whole.offset + whole.text.size());
  const bool is_less = whole.text.starts_with('<');
  const std::string& more = is_less ? left : right;
  const std::string& less = is_less ? right : left;
  return config::Located{"(" + more + ") - (" + less + ")", expression.mark};
}

// Quotes are for categories; around a variable's name they are a slip.
brain::Program::Probe compiled(const brain::Program& program, const Schema& schema,
                               const config::Located& expression) {
  config::Problems problems;
  const auto parsed = brain::steering::parse_expression(expression, problems);
  if (parsed && parsed->terms.back().kind == Term::Kind::kText) {
    const std::string& text = parsed->terms.back().text;
    if (schema.find(text) >= 0)
      config::refuse(expression.mark,
                     concat(quoted(text), " is text; a name stands in backticks: `", text, "`"));
  }
  return program.compile_probe(expression);
}

}  // namespace

Preference::Preference(brain::Brain& brain, const worlds::Schema& schema,
                       const config::Located& expression, int64_t tick)
    : brain_(brain),
      schema_(schema),
      text_(expression.text),
      tick_(tick),
      probe_(compiled(brain.program(), schema, expression)) {
  if (tick >= schema.num_ticks())
    throw input_error("there is no tick ", tick, ": the last one is ", schema.num_ticks() - 1);
  const int64_t whole = schema.find(expression.text);
  if (whole >= 0 && schema[whole].kind == worlds::Kind::kCategory) {
    config::refuse(expression.mark,
                   concat(quoted(expression.text),
                          " is a category and weighs "
                          "nothing by itself: compare it, as in ",
                          expression.text, " == '",
                          schema[whole].names.empty() ? "0" : schema[whole].names.back(), "'"));
  }
  if (!probe_.is_claim()) return;
  if (const auto far = difference(expression)) violation_ = brain.program().compile_probe(*far);
}

void Preference::refuse(int64_t lack, const std::string& where) const {
  const int64_t never = probe_.lack(worlds::possible_cells(schema_), tick_);
  if (never >= 0)
    throw input_error(quoted(text_), " reads ", quoted(schema_[never].name), " at tick ", tick_,
                      ", where it never is: it has ", worlds::ticks_of(schema_[never]));
  const bool is_seen = schema_[lack].access == worlds::Access::kCortex;
  throw input_error(quoted(text_), " reads ", quoted(schema_[lack].name), ", which nobody imagines",
                    where, is_seen ? "; ask for it or give it" : "");
}

void Preference::require_all_read(const at::Tensor& there_BTV) const {
  for (int64_t row = 0; row < there_BTV.size(0); ++row) {
    const int64_t lack = probe_.lack(there_BTV[row], tick_);
    if (lack >= 0) refuse(lack, there_BTV.size(0) > 1 ? concat(" in row ", row) : "");
  }
}

void Preference::require_any_read(const at::Tensor& there_BTV) const {
  int64_t lack = -1;
  for (int64_t row = 0; row < there_BTV.size(0); ++row) {
    lack = probe_.lack(there_BTV[row], tick_);
    if (lack < 0) return;
  }
  if (lack >= 0) refuse(lack, there_BTV.size(0) > 1 ? " in any row" : "");
}

brain::Scorecard Preference::predict(const Episodes& episodes) const {
  const at::NoGradGuard no_grad;
  return brain_.amygdala().predict(
      brain_.cortex().think(episodes, worlds::visible(episodes, schema_)));
}

at::Tensor Preference::read(const Probe& probe, const Episodes& episodes,
                            const brain::Scorecard& predicted) const {
  return probe(episodes, predicted).select(1, tick_).to(at::kCPU, at::kDouble);
}

at::Tensor Preference::value(const Episodes& episodes) const {
  return read(probe_, episodes, predict(episodes));
}

Judgement Preference::judge(const Episodes& episodes) const {
  const brain::Scorecard predicted = predict(episodes);
  const at::Tensor value_B = read(probe_, episodes, predicted);
  if (!probe_.is_claim()) {
    const at::Tensor is_no_weight_B = value_B.isnan().logical_or(value_B.isposinf());
    return {value_B.masked_fill(is_no_weight_B, -kInfinity)};
  }
  Judgement judgement{at::zeros_like(value_B).masked_fill(value_B.eq(0), -kInfinity)};
  if (!violation_) return judgement;
  const at::Tensor far_B = read(*violation_, episodes, predicted);
  judgement.violation_B = far_B.masked_fill(far_B.isnan(), kInfinity).clamp_min(0.0);
  return judgement;
}

Tilt Preference::tilt() const {
  return [own = *this](const Episodes& episodes) { return own.judge(episodes); };
}

Tilt parse_preference(brain::Brain& brain, const Schema& schema, const std::string& text,
                      int64_t tick, const at::Tensor& there_BTV) {
  if (text.empty()) return {};
  const Preference preference(brain, schema, {text, config::command_line()}, tick);
  preference.require_any_read(there_BTV);
  return preference.tilt();
}

}  // namespace limbic::inference
