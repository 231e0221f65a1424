#include <algorithm>
#include <cmath>

#include "limbic/brain/amygdala/bayes_linear.h"

namespace limbic::brain {

BayesLinear::BayesLinear(const BayesLinearConfig& config, const Arrays& arrays)
    : config_(config), at_(arrays), product_(arrays.size), gain_(arrays.size) {
  for (int64_t i = 0; i < at_.size; ++i) {
    if (at_.met_F[i] > 0) met_.push_back(i);
  }
}

void BayesLinear::start(const BayesLinearConfig& config, const Arrays& arrays) {
  for (int64_t i = 0; i < arrays.size; ++i) {
    arrays.covariance[i * own_stride(config, arrays.size)] = config.prior_variance;
    arrays.alpha_F[i] = config.associability ? config.associability->initial : 1;
  }
}

double BayesLinear::variance(const Sparse& x) const {
  double sum = 0;
  for (const auto& [i, xi] : x) {
    double inner = 0;
    if (is_full()) {
      for (const auto& [j, xj] : x) inner += row(i)[j] * xj;
    } else {
      inner = own(i) * xi;
    }
    sum += xi * inner;
  }
  return sum;
}

// R as it stood before this example, whose error then moves it.
double BayesLinear::noise_for(const Sparse& x, double error, double weight) {
  double squares = 0, surprise = 0;
  for (const auto& [i, xi] : x) {
    squares += xi * xi;
    surprise += xi * xi * at_.surprise_F[i];
    const double rate = std::min(weight * config_.surprise_rate * std::min(xi * xi, 1.0), 1.0);
    at_.surprise_F[i] += rate * (error * error - at_.surprise_F[i]);
  }
  return config_.observation_noise +
         (squares > 0 ? config_.noise_per_surprise * surprise / squares : 0.0);
}

BayesLinear::Gain BayesLinear::learn(const Sparse& x, double error, double weight) {
  for (const auto& [i, xi] : x) {
    if (at_.met_F[i] > 0) continue;
    at_.met_F[i] = 1;
    met_.push_back(i);
  }
  const double noise = noise_for(x, error, weight), own_noise = noise / weight;
  double variance = 0;
  for (const int64_t i : met_) product_[i] = 0;
  for (const auto& [j, xj] : x) {
    if (!is_full()) {
      product_[j] = own(j) * xj;
    } else {
      for (const int64_t i : met_) product_[i] += row(j)[i] * xj;
    }
  }
  for (const auto& [i, xi] : x) variance += xi * product_[i];
  for (const int64_t i : met_) gain_[i] = product_[i] / (variance + own_noise);
  if (config_.covariance == Covariance::kDiagonal) {
    for (const auto& [i, xi] : x) own(i) -= gain_[i] * product_[i];
  } else if (is_full()) {
    for (const int64_t i : met_) {
      double* p = row(i);
      if (gain_[i] == 0) continue;
      for (const int64_t j : met_) p[j] -= gain_[i] * product_[j];
    }
  }
  if (config_.associability) {
    for (const int64_t i : met_) gain_[i] *= at_.alpha_F[i];
    const double rate = std::min(weight * config_.associability->rate, 1.0);
    for (const auto& [i, xi] : x) at_.alpha_F[i] += rate * (std::abs(error) - at_.alpha_F[i]);
  }
  return {noise, &met_, gain_.data()};
}

void BayesLinear::end_trial() {
  if (config_.covariance == Covariance::kNone) return;
  for (int64_t i = 0; i < at_.size; ++i) own(i) += config_.process_noise;
}

}  // namespace limbic::brain
