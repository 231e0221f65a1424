#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <numeric>

#include "limbic/brain/cortex/base/joint_mixture.h"

namespace limbic::brain {
namespace {

constexpr int64_t kFolds = 8;
constexpr int64_t kEnoughRows = 128;  // held out in all; further folds are not asked
constexpr std::array<int64_t, 3> kSizes{2, 4, 8};
constexpr std::array<double, 2> kPriorRows{1, 8};
constexpr std::array<double, 3> kPooledPriorRows{1, 8, 64};
constexpr std::array<double, 3> kInflations{1, 4, 16};  // of one Gaussian: rows may lie far out
constexpr int64_t kStackingSteps = 200;
constexpr double kLeastWeight = 0.01;  // of a candidate that is used

JointMixture inflated(JointMixture mixture, double factor) {
  for (double& number : mixture.covariance) number *= factor;
  return mixture;
}

/// A way to fit: one Gaussian by one of the pooled priors, as wide as it is or wider, or several
/// about it.
struct Candidate {
  int64_t pooled;
  MixtureFit fit;
  double inflation = 1;
};

std::vector<Candidate> candidates_of(int64_t most_components) {
  std::vector<Candidate> all;
  for (int64_t pooled = 0; pooled < std::ssize(kPooledPriorRows); ++pooled) {
    for (const double inflation : kInflations)
      all.push_back({pooled, {1, kPooledPriorRows[pooled]}, inflation});
    for (const int64_t size : kSizes) {
      if (size > most_components) break;
      for (const double prior : kPriorRows) all.push_back({pooled, {size, prior}});
    }
  }
  return all;
}

/// Candidates fitted to the same rows.
class Fitter {
 public:
  Fitter(const JointRows& rows, const std::vector<Candidate>& candidates, const Stream& stream)
      : rows_(rows), candidates_(candidates), stream_(stream) {
    for (const double prior : kPooledPriorRows)
      pooled_.push_back(fit_mixture(rows, {1, prior}, nullptr, stream));
  }
  [[nodiscard]] JointMixture fit(int64_t number) const {
    const Candidate& one = candidates_[number];
    const JointMixture& pooled = pooled_[one.pooled];
    if (one.fit.components == 1) return inflated(pooled, one.inflation);
    return fit_mixture(rows_, one.fit, &pooled, stream_.at(number));
  }
  [[nodiscard]] int64_t size() const { return std::ssize(candidates_); }

 private:
  const JointRows& rows_;
  const std::vector<Candidate>& candidates_;
  Stream stream_;
  std::vector<JointMixture> pooled_;
};

using Table = std::vector<std::vector<double>>;

// log p of a fold's rows by each candidate that was fitted to the others: [candidate][row].
Table judge_fold(const JointRows& all, const std::vector<Candidate>& candidates, int64_t fold,
                 const std::vector<int64_t>& order, const Stream& stream) {
  std::vector<int64_t> kept, held_out;
  for (size_t i = 0; i < order.size(); ++i)
    (static_cast<int64_t>(i) % kFolds == fold ? held_out : kept).push_back(order[i]);
  const JointRows rows = all.pick(kept), unseen = all.pick(held_out);
  const Fitter fitter(rows, candidates, stream);
  Table table;
  for (int64_t number = 0; number < fitter.size(); ++number)
    table.push_back(log_prob(fitter.fit(number), unseen));
  return table;
}

// Of all folds that are asked.
Table judge(const JointRows& rows, const std::vector<Candidate>& candidates, const Stream& stream) {
  const int64_t of_fold = std::max<int64_t>(rows.num_rows / kFolds, 1);
  const int64_t folds = std::min({kFolds, rows.num_rows, (kEnoughRows + of_fold - 1) / of_fold});
  std::vector<int64_t> order(rows.num_rows);
  std::iota(order.begin(), order.end(), 0);
  const Stream lot = stream.child("order");
  std::ranges::stable_sort(order, {}, [&](int64_t row) { return lot.bits(row); });
  std::vector<std::future<Table>> judged;
  for (int64_t fold = 0; fold < folds; ++fold) {
    judged.push_back(std::async(std::launch::async, judge_fold, std::cref(rows),
                                std::cref(candidates), fold, std::cref(order),
                                stream.child("fold").at(fold)));
  }
  Table all;
  for (auto& fold : judged) {
    const Table table = fold.get();
    all.resize(table.size());
    for (size_t c = 0; c < table.size(); ++c)
      all[c].insert(all[c].end(), table[c].begin(), table[c].end());
  }
  return all;
}

// p of each row, in units of its likeliest candidate's.
Table likelihoods(Table log_p) {
  for (size_t row = 0; row < log_p.front().size(); ++row) {
    double most = log_p[0][row];
    for (const auto& of_candidate : log_p) most = std::max(most, of_candidate[row]);
    for (auto& of_candidate : log_p) of_candidate[row] = std::exp(of_candidate[row] - most);
  }
  return log_p;
}

// Weights of candidates under which the rows are likeliest, by EM.
std::vector<double> stack(const Table& log_p) {
  const Table p = likelihoods(log_p);
  const size_t count = p.size(), num_rows = p.front().size();
  std::vector<double> weight(count, 1.0 / static_cast<double>(count));
  for (int64_t step = 0; step < kStackingSteps; ++step) {
    std::vector<double> next(count);
    for (size_t row = 0; row < num_rows; ++row) {
      double sum = 0;
      for (size_t c = 0; c < count; ++c) sum += weight[c] * p[c][row];
      for (size_t c = 0; c < count; ++c)
        next[c] += weight[c] * p[c][row] / sum / static_cast<double>(num_rows);
    }
    weight = next;
  }
  return weight;
}

// The heaviest components alone.
JointMixture heaviest(const JointMixture& mixture, int64_t most, const JointRows& rows) {
  const int64_t D = rows.num_values, N = rows.num_options;
  std::vector<int64_t> order(mixture.size());
  std::iota(order.begin(), order.end(), 0);
  std::ranges::stable_sort(order, std::greater{}, [&](int64_t k) { return mixture.log_weight[k]; });
  order.resize(std::min<size_t>(order.size(), most));
  JointMixture kept;
  double sum = 0;
  for (const int64_t k : order) sum += std::exp(mixture.log_weight[k]);
  for (const int64_t k : order) {
    const auto part = [k](const std::vector<double>& of, int64_t size) {
      return std::vector<double>(of.begin() + k * size, of.begin() + (k + 1) * size);
    };
    kept.append({{mixture.log_weight[k]},
                 part(mixture.mean, D),
                 part(mixture.covariance, D * D),
                 part(mixture.log_choice, N)},
                -std::log(sum));
  }
  return kept;
}

}  // namespace

JointMixture fit_stacked_mixture(const JointRows& rows, int64_t most, const Stream& stream) {
  if (rows.num_rows == 1) return fit_mixture(rows, {}, nullptr, stream);
  const std::vector<Candidate> candidates = candidates_of(most);
  const std::vector<double> weight = stack(judge(rows, candidates, stream));
  const Fitter fitter(rows, candidates, stream.child("whole"));
  std::vector<std::future<JointMixture>> fitted(fitter.size());
  for (int64_t number = 0; number < fitter.size(); ++number) {
    if (weight[number] >= kLeastWeight)
      fitted[number] = std::async(std::launch::async, &Fitter::fit, &fitter, number);
  }
  JointMixture stacked;
  for (int64_t number = 0; number < fitter.size(); ++number) {
    if (fitted[number].valid()) stacked.append(fitted[number].get(), std::log(weight[number]));
  }
  return heaviest(stacked, most, rows);
}

}  // namespace limbic::brain
