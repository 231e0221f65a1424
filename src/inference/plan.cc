#include "limbic/inference/plan.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/inference/preference.h"
#include "limbic/worlds/place.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/text.h"

namespace limbic::inference {

using worlds::Episodes;
using worlds::Kind;
using worlds::Place;
using worlds::Roles;
using worlds::Schema;
using worlds::Variable;

namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// The outcome's place; none if it is an expression.
std::optional<Place> place_of(const Schema& schema, const PlanConfig& config) {
  const std::optional<Place> place = Place::find(schema, config.outcome.text);
  if (!place || schema[place->variable].access != worlds::Access::kCortex) return std::nullopt;
  if (schema[place->variable].kind == Kind::kVector)
    throw input_error(quoted(place->name),
                      " is a vector: an outcome is a scalar, a category or an expression");
  if (config.tick > 0)
    throw input_error("a tick is for expressions: of a variable it is part of the name, as in ",
                      quoted(concat(schema[place->variable].name, "@", config.tick)));
  return place;
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
      : brain_(brain),
        schema_(schema),
        config_(config),
        observed_BTV_(observed_BTV),
        decide_TV_(config.decide_TV),
        decide_BTV_(decide_TV_.expand_as(observed_BTV)),
        decide_(worlds::places_of(schema, decide_TV_)),
        outcome_(place_of(schema, config)) {}

  /// Errors  as plan's.
  void check(const Episodes& episodes) const;
  Plan run(const Episodes& episodes, const Stream& stream) const;
  /// Rows that the cortex imagines to decide one.
  [[nodiscard]] int64_t imagined() const {
    return num_candidates() * (outcome_ ? 1 : config_.rollouts);
  }

 private:
  void refuse_given(const Place& place, const char* role) const;
  // What is imagined of each row for an expression: all that the cortex sees, up to its tick.
  [[nodiscard]] at::Tensor imagined_cells() const;
  [[nodiscard]] bool tries_all() const {
    return decide_.size() == 1 && decide_.front().num_cells == 1 && first().kind == Kind::kCategory;
  }
  [[nodiscard]] const Variable& first() const { return schema_[decide_.front().variable]; }
  [[nodiscard]] int64_t num_candidates() const {
    return tries_all() ? first().size : config_.candidates;
  }
  [[nodiscard]] Episodes candidates(const Episodes& episodes, const Stream& stream) const;
  [[nodiscard]] at::Tensor first_alike(const Episodes& candidates) const;
  [[nodiscard]] at::Tensor expected_variable(const Episodes& candidates) const;
  [[nodiscard]] at::Tensor expected_expression(const Episodes& candidates,
                                               const Stream& stream) const;

  brain::Brain& brain_;
  const Schema& schema_;
  const PlanConfig& config_;
  at::Tensor observed_BTV_, decide_TV_, decide_BTV_;
  std::vector<Place> decide_;
  std::optional<Place> outcome_;
};

void Planner::check(const Episodes& episodes) const {
  for (const Place& place : decide_) refuse_given(place, "decided");
  if (!outcome_) {
    Preference(brain_, schema_, config_.outcome, config_.tick)
        .require_all_read(
            episodes.present_BTV.logical_or(decide_BTV_).logical_or(imagined_cells()));
    return;
  }
  if (outcome_->of_mask(decide_TV_.unsqueeze(0), schema_).any().item<bool>())
    throw input_error(quoted(outcome_->name), " is both decided and the outcome");
  refuse_given(*outcome_, "the outcome");
}

void Planner::refuse_given(const Place& place, const char* role) const {
  const at::Tensor given_B = place.of_mask(observed_BTV_, schema_).any(1);
  if (!given_B.any().item<bool>()) return;
  const std::string row =
      given_B.size(0) > 1 ? concat(" in row ", given_B.to(at::kInt).argmax().item<int64_t>()) : "";
  throw input_error(quoted(place.name), " is both given and ", role, row);
}

at::Tensor Planner::imagined_cells() const {
  const at::Tensor known_BTV = observed_BTV_.logical_or(decide_BTV_);
  const at::Tensor asked_BTV = known_BTV.logical_not().logical_and(worlds::cortical_cells(schema_));
  asked_BTV.slice(1, config_.tick + 1).fill_(false);
  return asked_BTV;
}

Episodes Planner::candidates(const Episodes& episodes, const Stream& stream) const {
  const int64_t n = num_candidates();
  Episodes all = worlds::repeat_rows(episodes, n);
  const Roles roles = worlds::repeat_rows(Roles{observed_BTV_, decide_BTV_}, n);
  if (!tries_all()) return brain_.cortex().sample(all, roles, {}, stream);
  const Place& only = decide_.front();
  only.of_own(all.value[only.variable])
      .copy_(at::arange(n, at::kLong).repeat({episodes.num_rows()}).unsqueeze(1));
  all.present_BTV = all.present_BTV.logical_or(roles.asked_BTV);
  return all;
}

// Of each candidate the first of its row that decides the same: [B * N] int64.
at::Tensor Planner::first_alike(const Episodes& candidates) const {
  const int64_t count = candidates.num_rows();
  const at::Tensor index = at::arange(count, at::kLong);
  std::vector<at::Tensor> columns{
      index.floor_divide(num_candidates()).to(at::kDouble).unsqueeze(1)};  // the row
  for (const Place& place : decide_) {
    const at::Tensor own = place.of_own(candidates.value[place.variable]);
    columns.push_back(own.flatten(1).to(at::kCPU, at::kDouble));
  }
  const at::Tensor group = std::get<1>(
      at::unique_dim(at::cat(columns, 1), /*dim=*/0, /*sorted=*/true, /*return_inverse=*/true));
  return at::full({count}, count, at::kLong).scatter_reduce(0, group, index, "amin").take(group);
}

// The mean over all that are alike.
at::Tensor mean_of_alike(const at::Tensor& value, const at::Tensor& first) {
  const at::Tensor none = at::zeros_like(value);
  const at::Tensor sum = none.index_add(0, first, value);
  return (sum / none.index_add(0, first, at::ones_like(value))).take(first);
}

at::Tensor Planner::expected_variable(const Episodes& candidates) const {
  const int64_t n = num_candidates(), i = outcome_->variable;
  at::Tensor asked_BTV = at::zeros_like(observed_BTV_);
  outcome_->of_mask(asked_BTV, schema_).fill_(true);
  const Roles roles =
      worlds::repeat_rows(Roles{observed_BTV_.logical_or(decide_BTV_), asked_BTV}, n);
  const at::Tensor mean =
      outcome_->of_own(brain::mean(brain_.cortex().marginals(candidates, roles)[i]))
          .to(at::kCPU, at::kDouble);  // [B * N, cells, size]
  if (schema_[i].kind == Kind::kScalar) return mean.mean({1, 2});
  return mean.matmul(numbers_of(schema_[i])).mean(1);
}

at::Tensor Planner::expected_expression(const Episodes& candidates, const Stream& stream) const {
  const Preference outcome(brain_, schema_, config_.outcome, config_.tick);
  const Roles roles = worlds::repeat_rows(
      Roles{observed_BTV_.logical_or(decide_BTV_), imagined_cells()}, num_candidates());
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
  const at::Tensor first = first_alike(plan.candidates);
  const at::Tensor value = outcome_
                               ? expected_variable(plan.candidates)
                               : expected_expression(plan.candidates, stream.child("rollouts"));
  plan.value_BN = mean_of_alike(value, first).view({num_rows, n});
  plan.is_repeated_BN = first.ne(at::arange(first.numel())).view({num_rows, n});
  if (config_.temperature == 0) {
    plan.chosen_B = plan.value_BN.masked_fill(plan.is_repeated_BN, -kInfinity).argmax(1);
    plan.probability_BN = at::one_hot(plan.chosen_B, n).to(at::kDouble);
  } else {
    const at::Tensor most_B1 = plan.value_BN.amax(1, /*keepdim=*/true);
    const at::Tensor above_BN =  // 0 at most, also where the most is infinite
        (plan.value_BN - most_B1).masked_fill(plan.value_BN.eq(most_B1), 0.0);
    const at::Tensor of_each = (above_BN / config_.temperature).softmax(1).flatten();
    plan.probability_BN = at::zeros_like(of_each).index_add(0, first, of_each).view({num_rows, n});
    const at::Tensor share_BN = plan.probability_BN.cumsum(1);
    const at::Tensor uniform_B = stream.child("choice").uniform({num_rows, 1}).to(at::kDouble);
    plan.chosen_B = share_BN.le(uniform_B).sum(1).clamp_max(n - 1);
  }
  plan.decided = worlds::pick_rows(plan.candidates, at::arange(num_rows) * n + plan.chosen_B);
  return plan;
}

Plan concatenate(const std::vector<Plan>& parts) {
  std::vector<Episodes> candidates, decided;
  std::vector<at::Tensor> value_BN, is_repeated_BN, probability_BN, chosen_B;
  for (const Plan& part : parts) {
    candidates.push_back(part.candidates);
    decided.push_back(part.decided);
    value_BN.push_back(part.value_BN);
    is_repeated_BN.push_back(part.is_repeated_BN);
    probability_BN.push_back(part.probability_BN);
    chosen_B.push_back(part.chosen_B);
  }
  return {worlds::concatenate(candidates), at::cat(value_BN), at::cat(is_repeated_BN),
          at::cat(probability_BN),         at::cat(chosen_B), worlds::concatenate(decided)};
}

}  // namespace

at::Tensor decided_cells(const Schema& schema, const std::vector<std::string>& globs,
                         const std::string& option) {
  const at::Tensor seen_TV = worlds::cortical_cells(schema);
  const at::Tensor first_TV = seen_TV.clone();
  first_TV.slice(0, 1).fill_(false);
  at::Tensor decided_TV = at::zeros_like(seen_TV);
  for (const std::string& glob : globs) {
    const bool says_tick = glob.find('@') != std::string::npos;
    decided_TV.logical_or_(
        worlds::seen_sites_named(schema, {glob}, says_tick ? seen_TV : first_TV, option));
  }
  return decided_TV;
}

Plan plan(brain::Brain& brain, const Schema& schema, const Episodes& episodes,
          const at::Tensor& observed_BTV, const PlanConfig& config, const Stream& stream) {
  const at::NoGradGuard no_grad;
  const Planner whole(brain, schema, config, observed_BTV);
  whole.check(episodes);
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
