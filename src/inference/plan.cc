#include "limbic/inference/plan.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <optional>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/preference.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/selection.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Kind;
using worlds::Roles;
using worlds::Schema;
using worlds::Variable;

namespace {

// A mask's cells of a variable at tick 0: [B, cells], a view.
at::Tensor first_cells(const at::Tensor& mask_BTV, const Schema& schema, int64_t variable) {
  return mask_BTV.select(1, 0).narrow(1, schema.offset(variable), schema[variable].num_cells);
}

// What each category counts as: [size] float64.
at::Tensor numbers_of(const Variable& variable) {
  const at::Tensor indices = at::arange(variable.size, at::kDouble);
  std::vector<double> numbers;
  for (const std::string& name : variable.names) {
    const std::optional<double> number = worlds::number_in(name);
    if (!number || !std::isfinite(*number)) return indices;
    numbers.push_back(*number);
  }
  return numbers.empty() ? indices : at::tensor(numbers, at::kDouble);
}

class Planner {
 public:
  Planner(brain::Brain& brain, const Schema& schema, const PlanConfig& config,
          const at::Tensor& observed_BTV)
      : brain_(brain), schema_(schema), config_(config), observed_BTV_(observed_BTV) {
    decide_ = worlds::select(schema, config.decide);
    decide_BTV_ = at::zeros_like(observed_BTV);
    for (const int64_t i : decide_) first_cells(decide_BTV_, schema, i).fill_(true);
  }

  /// Errors  as plan's.
  void check() const;
  Plan run(const Episodes& episodes, const Stream& stream) const;
  /// Rows that the cortex imagines to decide one.
  [[nodiscard]] int64_t imagined() const {
    return num_candidates() * (is_of_cortex(outcome()) ? 1 : config_.rollouts);
  }

 private:
  void refuse_given(int64_t variable, const char* role) const;
  [[nodiscard]] bool tries_all() const {
    return decide_.size() == 1 && only().kind == Kind::kCategory && only().num_cells == 1;
  }
  [[nodiscard]] const Variable& only() const { return schema_[decide_.front()]; }
  [[nodiscard]] int64_t num_candidates() const {
    return tries_all() ? only().size : config_.candidates;
  }
  [[nodiscard]] int64_t outcome() const { return schema_.find(config_.outcome.text); }
  [[nodiscard]] bool is_of_cortex(int64_t i) const {
    return i >= 0 && schema_[i].access == worlds::Access::kCortex;
  }
  [[nodiscard]] Episodes candidates(const Episodes& episodes, const Stream& stream) const;
  [[nodiscard]] at::Tensor expected_variable(const Episodes& candidates) const;
  [[nodiscard]] at::Tensor expected_expression(const Episodes& candidates,
                                               const Stream& stream) const;

  brain::Brain& brain_;
  const Schema& schema_;
  const PlanConfig& config_;
  at::Tensor observed_BTV_, decide_BTV_;
  std::vector<int64_t> decide_;
};

void Planner::check() const {
  for (const int64_t i : decide_) {
    const std::string& name = schema_[i].name;
    if (name == config_.outcome.text)
      throw input_error(quoted(name), " is both decided and the outcome");
    refuse_given(i, "decided");
  }
  if (!is_of_cortex(outcome())) return;
  if (schema_[outcome()].kind == Kind::kVector)
    throw input_error(quoted(config_.outcome.text),
                      " is a vector: an outcome is a scalar, a category or an expression");
  refuse_given(outcome(), "the outcome");
}

void Planner::refuse_given(int64_t variable, const char* role) const {
  const at::Tensor given_B = first_cells(observed_BTV_, schema_, variable).any(1);
  if (!given_B.any().item<bool>()) return;
  const std::string row =
      given_B.size(0) > 1 ? concat(" in row ", given_B.to(at::kInt).argmax().item<int64_t>() + 1)
                          : "";
  throw input_error(quoted(schema_[variable].name), " is both given and ", role, row);
}

Episodes Planner::candidates(const Episodes& episodes, const Stream& stream) const {
  const int64_t n = num_candidates();
  Episodes all = worlds::repeat_rows(episodes, n);
  const Roles roles = worlds::repeat_rows(Roles{observed_BTV_, decide_BTV_}, n);
  if (!tries_all()) return brain_.cortex().sample(all, roles, {}, stream);
  all.value[decide_.front()].select(1, 0).select(1, 0).copy_(
      at::arange(n, at::kLong).repeat({episodes.num_rows()}));
  all.present_BTV = all.present_BTV.logical_or(roles.asked_BTV);
  return all;
}

at::Tensor Planner::expected_variable(const Episodes& candidates) const {
  const int64_t n = num_candidates(), i = outcome();
  at::Tensor asked_BTV = at::zeros_like(observed_BTV_);
  first_cells(asked_BTV, schema_, i).fill_(true);
  const Roles roles =
      worlds::repeat_rows(Roles{observed_BTV_.logical_or(decide_BTV_), asked_BTV}, n);
  const at::Tensor mean = brain::mean(brain_.cortex().marginals(candidates, roles)[i])
                              .select(1, 0)
                              .to(at::kCPU, at::kDouble);  // [B * N, cells, size]
  if (schema_[i].kind == Kind::kScalar) return mean.mean({1, 2});
  return mean.matmul(numbers_of(schema_[i])).mean(1);
}

at::Tensor Planner::expected_expression(const Episodes& candidates, const Stream& stream) const {
  const Preference outcome(brain_, schema_, config_.outcome);
  const at::Tensor known_BTV = observed_BTV_.logical_or(decide_BTV_);
  at::Tensor asked_BTV = at::zeros_like(known_BTV);
  for (int64_t i = 0; i < schema_.size(); ++i) {
    if (is_of_cortex(i)) first_cells(asked_BTV, schema_, i).fill_(true);
  }
  asked_BTV = asked_BTV.logical_and(known_BTV.logical_not());
  const Roles roles = worlds::repeat_rows(Roles{known_BTV, asked_BTV}, num_candidates());
  const int64_t times = config_.rollouts, count = candidates.num_rows();
  const int64_t at_once = std::max<int64_t>(1, kImaginedAtOnce / times);
  std::vector<at::Tensor> mean;
  for (int64_t begin = 0; begin < count; begin += at_once) {
    const int64_t end = std::min(begin + at_once, count);
    const Episodes imagined =
        brain_.cortex().sample(worlds::repeat_rows(candidates.rows(begin, end), times),
                               worlds::repeat_rows(roles.rows(begin, end), times), {},
                               begin == 0 ? stream : stream.at(begin));
    mean.push_back(outcome.value(imagined).view({-1, times}).nanmean(1));
    if (mean.back().isnan().any().item<bool>())
      throw input_error(quoted(config_.outcome.text),
                        " is ABSENT in all that is imagined of a decision");
  }
  return at::cat(mean);
}

Plan Planner::run(const Episodes& episodes, const Stream& stream) const {
  const int64_t num_rows = episodes.num_rows(), n = num_candidates();
  Plan plan;
  plan.candidates = candidates(episodes, stream.child("decisions"));
  plan.value_BN =
      (is_of_cortex(outcome()) ? expected_variable(plan.candidates)
                               : expected_expression(plan.candidates, stream.child("rollouts")))
          .view({num_rows, n});
  if (config_.temperature == 0) {
    plan.chosen_B = plan.value_BN.argmax(1);
    plan.probability_BN = at::one_hot(plan.chosen_B, n).to(at::kDouble);
  } else {
    plan.probability_BN = (plan.value_BN / config_.temperature).softmax(1);
    const at::Tensor share_BN = plan.probability_BN.cumsum(1);
    const at::Tensor uniform_B = stream.child("choice").uniform({num_rows, 1}).to(at::kDouble);
    plan.chosen_B = share_BN.le(uniform_B).sum(1).clamp_max(n - 1);
  }
  plan.decided = worlds::pick_rows(plan.candidates, at::arange(num_rows) * n + plan.chosen_B);
  return plan;
}

Plan concatenate(const std::vector<Plan>& parts) {
  std::vector<Episodes> candidates, decided;
  std::vector<at::Tensor> value_BN, probability_BN, chosen_B;
  for (const Plan& part : parts) {
    candidates.push_back(part.candidates);
    decided.push_back(part.decided);
    value_BN.push_back(part.value_BN);
    probability_BN.push_back(part.probability_BN);
    chosen_B.push_back(part.chosen_B);
  }
  return {worlds::concatenate(candidates), at::cat(value_BN), at::cat(probability_BN),
          at::cat(chosen_B), worlds::concatenate(decided)};
}

}  // namespace

Plan plan(brain::Brain& brain, const Schema& schema, const Episodes& episodes,
          const at::Tensor& observed_BTV, const PlanConfig& config, const Stream& stream) {
  const at::NoGradGuard no_grad;
  const Planner whole(brain, schema, config, observed_BTV);
  whole.check();
  const int64_t num_rows = episodes.num_rows();
  const int64_t at_once = std::max<int64_t>(1, kImaginedAtOnce / whole.imagined());
  std::vector<Plan> parts;
  for (int64_t begin = 0; begin < num_rows; begin += at_once) {
    const int64_t end = std::min(begin + at_once, num_rows);
    parts.push_back(Planner(brain, schema, config, observed_BTV.slice(0, begin, end))
                        .run(episodes.rows(begin, end), stream.at(begin)));
  }
  return parts.size() == 1 ? parts.front() : concatenate(parts);
}

}  // namespace limbic::inference
