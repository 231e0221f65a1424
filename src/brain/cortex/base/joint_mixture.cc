#include "limbic/brain/cortex/base/joint_mixture.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include "limbic/brain/cortex/base/expectation.h"

namespace limbic::brain {
namespace {

constexpr int64_t kMaxSteps = 60;
constexpr int64_t kStarts = 3, kStartSteps = 3;  // of which the best goes on
constexpr double kEnough = 1e-3;                 // nats a row that a step must bring
constexpr double kLeastResponsibility = 1e-10;   // of a row that counts
constexpr double kMeanPriorRows = 0.3;  // how many rows hold a component's mean to the pooled one
constexpr double kSpread = 0.7;         // of the first means about the pooled one, in rows' own

// One past the last option of a choice.
int64_t end_of_choice(const JointRows& rows, size_t choice) {
  return choice + 1 < rows.first_option.size() ? rows.first_option[choice + 1] : rows.num_options;
}

/// What all rows say about each component.
struct Moments {
  std::vector<double> mass, first, second, chosen;  // [K], [K, D], [K, D, D], [K, N]
  double log_prob = 0;
};

Moments expect(const JointMixture& mixture, const JointRows& rows) {
  const int64_t K = mixture.size(), D = rows.num_values, N = rows.num_options;
  Moments all{std::vector<double>(K), std::vector<double>(K * D), std::vector<double>(K * D * D),
              std::vector<double>(K * N)};
  Expectation row_given(mixture, rows);
  for (int64_t row = 0; row < rows.num_rows; ++row) {
    row_given.look_at(row);
    const double log_p = row_given.log_prob_of_all();
    all.log_prob += log_p;
    for (int64_t k = 0; k < K; ++k) {
      const double responsibility = std::exp(row_given.log_prob(k) - log_p);
      if (responsibility < kLeastResponsibility) continue;
      all.mass[k] += responsibility;
      row_given.add_moments(k, responsibility, all.first.data() + k * D,
                            all.second.data() + k * D * D);
      for (const int64_t option : rows.options[row]) all.chosen[k * N + option] += responsibility;
    }
  }
  return all;
}

/// What a component is held to: a mean and a covariance, as if so many rows had shown them.
struct Prior {
  const JointMixture& center;  // of one component
  double mean_rows, covariance_rows;
};

void maximise_gaussian(const Moments& moments, int64_t k, const Prior& prior, int64_t D,
                       JointMixture& mixture) {
  const double mass = moments.mass[k];
  double* const mean = mixture.mean.data() + k * D;
  double* const covariance = mixture.covariance.data() + k * D * D;
  const double* const first = moments.first.data() + k * D;
  const double* const second = moments.second.data() + k * D * D;
  std::vector<double> moved(D), off(D);  // from the mean before; from the prior's
  for (int64_t i = 0; i < D; ++i) {
    const double to_prior = prior.center.mean[i] - mean[i];
    moved[i] = (first[i] + prior.mean_rows * to_prior) / (mass + prior.mean_rows);
    off[i] = moved[i] - to_prior;
    mean[i] += moved[i];
  }
  for (int64_t i = 0; i < D; ++i) {
    for (int64_t j = i; j < D; ++j) {
      const double scatter = second[i * D + j] - first[i] * moved[j] - moved[i] * first[j] +
                             mass * moved[i] * moved[j];
      const double held = prior.covariance_rows * prior.center.covariance[i * D + j] +
                          prior.mean_rows * off[i] * off[j];
      covariance[i * D + j] = covariance[j * D + i] =
          (scatter + held) / (mass + prior.covariance_rows);
    }
  }
}

void maximise_choices(const Moments& moments, int64_t k, const Prior& prior, const JointRows& rows,
                      JointMixture& mixture) {
  const int64_t N = rows.num_options;
  for (size_t c = 0; c < rows.first_option.size(); ++c) {
    const int64_t begin = rows.first_option[c], end = end_of_choice(rows, c);
    const double* const chosen = moments.chosen.data() + k * N;
    const double seen = std::accumulate(chosen + begin, chosen + end, 0.0);
    for (int64_t option = begin; option < end; ++option) {
      const double held = prior.covariance_rows * std::exp(prior.center.log_choice[option]);
      mixture.log_choice[k * N + option] =
          std::log((chosen[option] + held) / (seen + prior.covariance_rows));
    }
  }
}

void maximise(const Moments& moments, const Prior& prior, const JointRows& rows,
              JointMixture& mixture) {
  const int64_t K = mixture.size();
  for (int64_t k = 0; k < K; ++k) {
    mixture.log_weight[k] =
        std::log((moments.mass[k] + 1) / static_cast<double>(rows.num_rows + K));
    maximise_gaussian(moments, k, prior, rows.num_values, mixture);
    maximise_choices(moments, k, prior, rows, mixture);
  }
}

JointMixture standard_normal(const JointRows& rows) {
  const int64_t D = rows.num_values;
  JointMixture one{{0.0},
                   std::vector<double>(D),
                   std::vector<double>(D * D),
                   std::vector<double>(rows.num_options)};
  for (int64_t i = 0; i < D; ++i) one.covariance[i * D + i] = 1;
  for (size_t c = 0; c < rows.first_option.size(); ++c) {
    const int64_t begin = rows.first_option[c], end = end_of_choice(rows, c);
    for (int64_t option = begin; option < end; ++option)
      one.log_choice[option] = -std::log(static_cast<double>(end - begin));
  }
  return one;
}

// Components like `pooled`, each moved towards what one row, drawn by lot, is expected to be.
JointMixture spread_out(const JointMixture& pooled, const JointRows& rows, int64_t components,
                        const Stream& stream) {
  const int64_t D = rows.num_values;
  JointMixture mixture;
  for (int64_t k = 0; k < components; ++k)
    mixture.append(pooled, -std::log(static_cast<double>(components)));
  Expectation row_given(pooled, rows);
  std::vector<double> second(D * D);
  for (int64_t k = 0; k < components; ++k) {
    row_given.look_at(stream.below(rows.num_rows, k));
    row_given.add_moments(0, kSpread, mixture.mean.data() + k * D, second.data());
  }
  return mixture;
}

/// Expectation and maximisation, so far.
struct EmRun {
  JointMixture mixture;
  double log_prob = -std::numeric_limits<double>::infinity();  // of the rows, before the last step
};

EmRun run_em(JointMixture mixture, const Prior& prior, const JointRows& rows, int64_t max_steps) {
  EmRun now{std::move(mixture)};
  for (int64_t step = 0; step < max_steps; ++step) {
    const Moments moments = expect(now.mixture, rows);
    const bool is_there =
        moments.log_prob - now.log_prob < kEnough * static_cast<double>(rows.num_rows);
    now.log_prob = moments.log_prob;
    if (is_there) break;
    maximise(moments, prior, rows, now.mixture);
  }
  return now;
}

}  // namespace

JointRows JointRows::pick(const std::vector<int64_t>& rows) const {
  JointRows some{
      static_cast<int64_t>(rows.size()), num_values, num_options, {}, {}, {}, first_option};
  for (const int64_t row : rows) {
    const int64_t begin = row * num_values, end = begin + num_values;
    some.value_BD.insert(some.value_BD.end(), value_BD.begin() + begin, value_BD.begin() + end);
    some.seen_BD.insert(some.seen_BD.end(), seen_BD.begin() + begin, seen_BD.begin() + end);
    some.options.push_back(options[row]);
  }
  return some;
}

void JointMixture::append(const JointMixture& other, double log_weight_of_all) {
  for (const double log_p : other.log_weight) log_weight.push_back(log_p + log_weight_of_all);
  mean.insert(mean.end(), other.mean.begin(), other.mean.end());
  covariance.insert(covariance.end(), other.covariance.begin(), other.covariance.end());
  log_choice.insert(log_choice.end(), other.log_choice.begin(), other.log_choice.end());
}

JointMixture fit_mixture(const JointRows& rows, const MixtureFit& fit, const JointMixture* pooled,
                         const Stream& stream) {
  if (pooled == nullptr) {
    const JointMixture start = standard_normal(rows);
    return run_em(start, {start, 0, fit.prior_rows}, rows, kMaxSteps).mixture;
  }
  const Prior prior{*pooled, kMeanPriorRows, fit.prior_rows};
  EmRun best;
  for (int64_t start = 0; start < kStarts; ++start) {
    EmRun one = run_em(spread_out(*pooled, rows, fit.components, stream.at(start)), prior, rows,
                       kStartSteps);
    if (start == 0 || one.log_prob > best.log_prob) best = std::move(one);
  }
  return run_em(std::move(best.mixture), prior, rows, kMaxSteps).mixture;
}

std::vector<double> log_prob(const JointMixture& mixture, const JointRows& rows) {
  Expectation row_given(mixture, rows);
  std::vector<double> log_p;
  for (int64_t row = 0; row < rows.num_rows; ++row) {
    row_given.look_at(row);
    log_p.push_back(row_given.log_prob_of_all());
  }
  return log_p;
}

}  // namespace limbic::brain
