#include "limbic/worlds/tree_oracle.h"

#include <cmath>

#include "limbic/worlds/normal.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kPoints = 1201, kPointsANode = 15;
constexpr double kReach = 8;

double square(double x) { return x * x; }

}  // namespace

const std::array<TreeLeaf, 4> kTreeLeaves{{
    {1, [](double t) { return square(std::sin(t)); }, 0.2},
    {1, [](double t) { return 0.1 * square(t); }, 0.2},
    {2, [](double t) { return 0.1 * square(t); }, 0.6},
    {2, [](double t) { return square(std::cos(t)); }, 0.1},
}};

/// What is known of a child of t1 and below it, but for a factor exp(log_scale).
struct TreeOracle::Branch {
  bool is_known = false;
  double value = 0;  // of the child, if it is known
  double log_scale = 0;
  std::vector<double> leaves = {};  // else L on the grid; empty where it is 1
};

TreeOracle::TreeOracle(const Schema& schema)
    : RowOracle(schema),
      grid_(-kReach, kReach, kPoints),
      nodes_(-kReach, kReach, (kPoints - 1) / kPointsANode + 1) {
  for (size_t k = 0; k < kTreeLeaves.size(); ++k) {
    for (int64_t i = 0; i < kPoints; ++i) leaf_mean_[k].push_back(kTreeLeaves[k].mean(grid_[i]));
  }
  for (int64_t i = 1 - kPoints; i < kPoints; ++i)
    bell_.push_back(std::exp(log_normal(static_cast<double>(i) * grid_.step(), 0, 1)));
  for (int64_t n = 0; n < nodes_.size(); ++n)
    prior_.push_back(nodes_.step() * std::exp(log_normal(nodes_[n], 0, 1)));
}

TreeOracle::Branch TreeOracle::branch(int64_t child, std::span<const double> row,
                                      std::span<const uint8_t> known) const {
  Branch branch{.is_known = known[child] != 0, .value = row[child]};
  for (size_t k = 0; k < kTreeLeaves.size(); ++k) {
    const TreeLeaf& leaf = kTreeLeaves[k];
    if (leaf.parent != child || !known[kFirstTreeLeaf + k]) continue;
    const double x = row[kFirstTreeLeaf + k];
    if (branch.is_known) {
      branch.log_scale += log_normal(x, leaf.mean(branch.value), leaf.deviation);
      continue;
    }
    branch.leaves.resize(kPoints);
    for (int64_t i = 0; i < kPoints; ++i)
      branch.leaves[i] -= 0.5 * square((x - leaf_mean_[k][i]) / leaf.deviation);
    branch.log_scale += log_normal(0, 0, leaf.deviation);
  }
  if (!branch.leaves.empty()) branch.log_scale += exponentiate(branch.leaves);
  return branch;
}

// m_c at a node of t1.
double TreeOracle::at_node(const Branch& branch, int64_t node) const {
  if (branch.is_known) return std::exp(log_normal(branch.value, nodes_[node], 1));
  if (branch.leaves.empty()) return 1;
  return grid_.step() * dot(branch.leaves, &bell_[kPoints - 1 - node * kPointsANode]);
}

double TreeOracle::log_density(std::span<const double> row, std::span<const uint8_t> known) const {
  const Branch left = branch(1, row, known), right = branch(2, row, known);
  double log_sum = left.log_scale + right.log_scale;
  if (!known[0]) {
    double sum = 0;
    for (int64_t n = 0; n < nodes_.size(); ++n)
      sum += prior_[n] * at_node(left, n) * at_node(right, n);
    return log_sum + std::log(sum);
  }
  log_sum += log_normal(row[0], 0, 1);
  for (const Branch* const branch : {&left, &right}) {
    if (branch->is_known) {
      log_sum += log_normal(branch->value, row[0], 1);
    } else if (!branch->leaves.empty()) {
      double sum = 0;
      for (int64_t i = 0; i < kPoints; ++i)
        sum += branch->leaves[i] * std::exp(log_normal(grid_[i], row[0], 1));
      log_sum += std::log(grid_.step() * sum);
    }
  }
  return log_sum;
}

// Of a child on the grid, where t1 or the other child has a value: N(mean, deviation) times L.
std::vector<double> TreeOracle::weights(const Branch& branch, std::span<const double> row,
                                        std::span<const uint8_t> known, int64_t other) const {
  // Without t1, either child is N(half of the other, var 3 / 2).
  const double mean = known[0] ? row[0] : row[other] / 2;
  const double deviation = known[0] ? 1 : std::sqrt(1.5);
  std::vector<double> weight(kPoints);
  for (int64_t i = 0; i < kPoints; ++i) {
    weight[i] = std::exp(-0.5 * square((grid_[i] - mean) / deviation));
    if (!branch.leaves.empty()) weight[i] *= branch.leaves[i];
  }
  return weight;
}

// Where neither has: int p(t1) p(t_c | t1) m_other(t1) dt1 times L.
std::vector<double> TreeOracle::weights_without_kin(const Branch& branch,
                                                    const Branch& other) const {
  std::vector<double> weight(kPoints);
  for (int64_t n = 0; n < nodes_.size(); ++n) {
    add_scaled(prior_[n] * at_node(other, n),
               {&bell_[kPoints - 1 - n * kPointsANode], static_cast<size_t>(kPoints)},
               weight.data());
  }
  if (!branch.leaves.empty()) {
    for (int64_t i = 0; i < kPoints; ++i) weight[i] *= branch.leaves[i];
  }
  return weight;
}

RowOracle::Completion TreeOracle::completion(const std::vector<double>& row,
                                             const std::vector<uint8_t>& known) const {
  const Branch left = branch(1, row, known), right = branch(2, row, known);
  std::vector<double> of_left, of_right;  // the latter empty where it depends on a t2 that is drawn
  if (!known[1]) {
    of_left =
        known[0] || known[2] ? weights(left, row, known, 2) : weights_without_kin(left, right);
  }
  if (!known[2] && (known[0] || known[1])) of_right = weights(right, row, known, 1);
  return [this, known, right, of_left, of_right](std::span<double> completed,
                                                 const Stream& stream) {
    if (!known[1]) completed[1] = grid_.quantile(of_left, stream.uniform(1));
    if (!known[2]) {
      const double u = stream.uniform(2);
      completed[2] = of_right.empty() ? grid_.quantile(weights(right, completed, known, 1), u)
                                      : grid_.quantile(of_right, u);
    }
    if (!known[0])
      completed[0] = (completed[1] + completed[2]) / 3 + std::sqrt(1.0 / 3) * stream.normal(0);
    for (int64_t k = 0; k < std::ssize(kTreeLeaves); ++k) {
      const TreeLeaf& leaf = kTreeLeaves[k];
      const int64_t site = kFirstTreeLeaf + k;
      if (!known[site])
        completed[site] = leaf.mean(completed[leaf.parent]) + leaf.deviation * stream.normal(site);
    }
  };
}

}  // namespace limbic::worlds
