#include "limbic/worlds/hmm_oracle.h"

#include <algorithm>
#include <cmath>

#include "limbic/worlds/normal.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kPoints = 801, kReach = 150;  // of the grid; of a step, which is 6 deviations
constexpr double kForgotten = 1e-20;            // of the greatest weight: moves no further
constexpr double kStepVariance = kHmmStep * kHmmStep;

double square(double x) { return x * x; }

}  // namespace

/// Of one t: N(mean, variance), or where `weight` isn't empty a density at the points of the grid.
struct HmmOracle::Belief {
  double mean = 0, variance = 0;
  std::vector<double> weight = {};
};

HmmOracle::HmmOracle(const Schema& schema, int64_t length)
    : RowOracle(schema), length_(length), grid_(-8, 8, kPoints) {
  for (int64_t i = 0; i < kPoints; ++i) point_squared_.push_back(square(grid_[i]));
  for (int64_t i = -kReach; i <= kReach; ++i) {
    const double moved = static_cast<double>(i) * grid_.step();
    kernel_.push_back(grid_.step() * std::exp(log_normal(moved, 0, kHmmStep)));
  }
}

HmmOracle::Belief HmmOracle::predict(const Belief& before) const {
  if (before.weight.empty()) return {before.mean, before.variance + kStepVariance};
  Belief after{.weight = std::vector<double>(kPoints)};
  const double least = kForgotten * std::ranges::max(before.weight);
  for (int64_t i = 0; i < kPoints; ++i) {
    if (before.weight[i] <= least) continue;
    const int64_t begin = std::max<int64_t>(i - kReach, 0), end = std::min(i + kReach + 1, kPoints);
    const std::span<const double> moves(kernel_);
    add_scaled(before.weight[i], moves.subspan(begin - i + kReach, end - begin),
               &after.weight[begin]);
  }
  return after;
}

// Log density of a step from there to t.
double HmmOracle::log_step(const Belief& before, double t) const {
  if (before.weight.empty())
    return log_normal(t, before.mean, std::sqrt(before.variance + kStepVariance));
  double sum = 0;
  for (int64_t i = 0; i < kPoints; ++i)
    sum += before.weight[i] * std::exp(-0.5 * square((t - grid_[i]) / kHmmStep));
  return std::log(grid_.step() * sum) + log_normal(0, 0, kHmmStep);
}

// Bayes' rule; returns log p(x) as it was believed before.
double HmmOracle::see(double x, Belief& belief) const {
  if (belief.weight.empty()) {
    const double deviation = std::sqrt(belief.variance);
    for (int64_t i = 0; i < kPoints; ++i)
      belief.weight.push_back(std::exp(log_normal(grid_[i], belief.mean, deviation)));
  }
  double sum = 0;
  for (int64_t i = 0; i < kPoints; ++i) {
    belief.weight[i] *= std::exp(-0.5 * square((x - point_squared_[i]) / kHmmNoise));
    sum += belief.weight[i];
  }
  sum *= grid_.step();
  for (double& weight : belief.weight) weight = sum > 0 ? weight / sum : 0;  // 0: impossible
  return std::log(sum) + log_normal(0, 0, kHmmNoise);
}

// From t_(step-1) to t_step; returns log p(what is known at this step | what is known before).
double HmmOracle::advance(int64_t step, std::span<const double> row, std::span<const uint8_t> known,
                          Belief& belief) const {
  const double t = row[step], x = row[length_ + step];
  const bool knows_x = known[length_ + step] != 0;
  if (known[step]) {
    const double log_p = log_step(belief, t);
    belief = {.mean = t};
    return log_p + (knows_x ? log_normal(x, square(t), kHmmNoise) : 0);
  }
  belief = predict(belief);
  return knows_x ? see(x, belief) : 0;
}

double HmmOracle::log_density(std::span<const double> row, std::span<const uint8_t> known) const {
  int64_t end = length_;  // what lies behind the last known step integrates to 1
  while (end > 0 && !known[end - 1] && !known[length_ + end - 1]) --end;
  Belief belief;
  double sum = 0;
  for (int64_t i = 0; i < end; ++i) sum += advance(i, row, known, belief);
  return sum;
}

// A t from the belief in it, given the next one if there is one.
double HmmOracle::draw(const Belief& belief, const double* next, const Stream& stream) const {
  if (belief.weight.empty()) {
    const double trust = next ? belief.variance / (belief.variance + kStepVariance) : 0;
    const double mean = next ? belief.mean + trust * (*next - belief.mean) : belief.mean;
    return mean + std::sqrt(belief.variance * (1 - trust)) * stream.normal(0);
  }
  std::vector<double> weight = belief.weight;
  for (int64_t i = 0; next && i < kPoints; ++i)
    weight[i] *= std::exp(-0.5 * square((*next - grid_[i]) / kHmmStep));
  return grid_.quantile(weight, stream.uniform(0));
}

RowOracle::Completion HmmOracle::completion(const std::vector<double>& row,
                                            const std::vector<uint8_t>& known) const {
  std::vector<Belief> beliefs(length_);
  for (int64_t i = 0; i < length_; ++i) {
    if (i > 0) beliefs[i] = beliefs[i - 1];
    advance(i, row, known, beliefs[i]);
  }
  return [this, beliefs, known](std::span<double> completed, const Stream& stream) {
    for (int64_t i = length_ - 1; i >= 0; --i) {
      double &t = completed[i], &x = completed[length_ + i];
      const double* const next = i + 1 < length_ ? &completed[i + 1] : nullptr;
      if (!known[i]) t = draw(beliefs[i], next, stream.at(i));
      if (!known[length_ + i]) x = square(t) + kHmmNoise * stream.normal(length_ + i);
    }
  };
}

}  // namespace limbic::worlds
