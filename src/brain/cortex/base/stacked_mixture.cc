#include <algorithm>
#include <array>
#include <cmath>
#include <future>
#include <limits>
#include <numeric>
#include <optional>
#include <utility>

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
constexpr double kLeastWeight = 0.01;   // of a candidate that is used
constexpr size_t kRowsToChoose = 1024;  // held out, by which mixtures go: each try is a stack

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
    for (const double inflation : kInflations) all.push_back({pooled, {}, inflation});
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
  for (int64_t number = 0; number < std::ssize(candidates); ++number)
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

/// Candidates that are used, and the weights under which rows that were held out are likeliest.
struct Stack {
  std::vector<int64_t> used;
  std::vector<double> weight;  // of each
  double log_prob = 0;         // of all those rows
};

// By EM.
Stack stack(const Table& log_p, const std::vector<int64_t>& used) {
  const int64_t num_rows = std::ssize(log_p.front()), count = std::ssize(used);
  std::vector<double> most(num_rows), p(num_rows * count);  // p in units of e^most
  for (int64_t row = 0; row < num_rows; ++row) {
    most[row] = log_p[used.front()][row];
    for (const int64_t c : used) most[row] = std::max(most[row], log_p[c][row]);
    for (int64_t i = 0; i < count; ++i)
      p[row * count + i] = std::exp(log_p[used[i]][row] - most[row]);
  }
  std::vector<double> weight(count, 1 / static_cast<double>(count));
  const auto likelihood = [&](int64_t row) {
    return std::inner_product(weight.begin(), weight.end(), p.begin() + row * count, 0.0);
  };
  for (int64_t step = 0; step < kStackingSteps; ++step) {
    std::vector<double> next(count);
    for (int64_t row = 0; row < num_rows; ++row) {
      const double share = 1 / (likelihood(row) * static_cast<double>(num_rows));
      for (int64_t i = 0; i < count; ++i) next[i] += weight[i] * p[row * count + i] * share;
    }
    weight = next;
  }
  double log_prob = 0;
  for (int64_t row = 0; row < num_rows; ++row) log_prob += most[row] + std::log(likelihood(row));
  return {used, weight, log_prob};
}

// Of so many rows, which stand in no order.
Table first_rows(Table log_p, size_t most) {
  for (auto& of_candidate : log_p) of_candidate.resize(std::min(of_candidate.size(), most));
  return log_p;
}

// Without the candidate at that place, or with a substitute there.
Stack stack_without(const Table& log_p, const Stack& now, int64_t place,
                    std::optional<int64_t> substitute = {}) {
  std::vector<int64_t> rest = now.used;
  if (substitute) {
    rest[place] = *substitute;
  } else {
    rest.erase(rest.begin() + place);
  }
  return stack(log_p, rest);
}

// The lightest goes, and leaves its weight to its like, until none is light.
Stack without_light(const Table& log_p, Stack now) {
  while (true) {
    const auto lightest = std::ranges::min_element(now.weight);
    if (*lightest >= kLeastWeight) return now;
    now = stack_without(log_p, now, lightest - now.weight.begin());
  }
}

// One candidate fewer, or a smaller one instead of it: whatever costs the fewest nats for each
// component too many that goes. A light one may cost many: rows far out have no other.
Stack smaller(const std::vector<Candidate>& candidates, const Table& log_p, const Stack& now,
              int64_t excess) {
  double least = std::numeric_limits<double>::infinity();
  Stack best;
  const auto consider = [&](Stack other, int64_t fewer) {
    const double loss = std::max(now.log_prob - other.log_prob, 0.0);  // EM stops short of the best
    const double cost = loss / static_cast<double>(std::min(fewer, excess));
    if (cost >= least) return;
    least = cost;
    best = std::move(other);
  };
  for (int64_t place = 0; place < std::ssize(now.used); ++place) {
    const int64_t size = candidates[now.used[place]].fit.components;
    consider(stack_without(log_p, now, place), size);
    for (int64_t other = 0; other < std::ssize(candidates); ++other) {
      const int64_t fewer = size - candidates[other].fit.components;
      if (fewer > 0 && std::ranges::find(now.used, other) == now.used.end())
        consider(stack_without(log_p, now, place, other), fewer);
    }
  }
  return best;
}

Stack within(int64_t most, const std::vector<Candidate>& candidates, const Table& log_p,
             Stack now) {
  while (true) {
    int64_t excess = -most;
    for (const int64_t number : now.used) excess += candidates[number].fit.components;
    if (excess <= 0) return now;
    now = smaller(candidates, log_p, now, excess);
  }
}

}  // namespace

JointMixture fit_stacked_mixture(const JointRows& rows, int64_t most, const Stream& stream) {
  if (rows.num_rows == 1) return fit_mixture(rows, {}, nullptr, stream);
  const std::vector<Candidate> candidates = candidates_of(most);
  const Table log_p = judge(rows, candidates, stream);
  std::vector<int64_t> all(candidates.size());
  std::iota(all.begin(), all.end(), 0);
  const Stack heavy = without_light(log_p, stack(log_p, all));
  const Table few = first_rows(log_p, kRowsToChoose);
  const Stack fewer = within(most, candidates, few, stack(few, heavy.used));
  const Stack kept = without_light(log_p, stack(log_p, fewer.used));
  const Fitter fitter(rows, candidates, stream.child("whole"));
  std::vector<std::future<JointMixture>> fitted;
  for (const int64_t number : kept.used)
    fitted.push_back(std::async(std::launch::async, &Fitter::fit, &fitter, number));
  JointMixture stacked;
  for (size_t i = 0; i < fitted.size(); ++i)
    stacked.append(fitted[i].get(), std::log(kept.weight[i]));
  return stacked;
}

}  // namespace limbic::brain
