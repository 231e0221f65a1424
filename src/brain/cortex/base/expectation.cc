#include "limbic/brain/cortex/base/expectation.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "limbic/brain/cortex/base/gaussian_chain.h"
#include "limbic/core/log_sum_exp.h"

namespace limbic::brain {

Expectation::Expectation(const JointMixture& mixture, const JointRows& rows)
    : mixture_(mixture),
      rows_(rows),
      stride_(kernels::stride(rows.num_values)),
      order_(rows.num_values),
      upper_(mixture.size() * rows.num_values * stride_),
      z_(mixture.size() * stride_),
      log_prob_(mixture.size()),
      apart_(stride_),
      scatter_(rows.num_values * stride_) {}

void Expectation::look_at(int64_t row) {
  row_ = row;
  const int64_t D = rows_.num_values;
  const std::vector<int64_t> last_order = order_;
  const int64_t last_seen = num_seen_;
  auto rest = order_.end();
  auto next = order_.begin();
  for (int64_t i = 0; i < D; ++i) (rows_.seen_BD[row * D + i] ? *next++ : *--rest) = i;
  num_seen_ = next - order_.begin();
  const bool is_factored = last_seen == num_seen_ && last_order == order_;
  const double log_unit = -0.5 * std::log(2 * std::numbers::pi) * static_cast<double>(num_seen_);
  for (int64_t k = 0; k < mixture_.size(); ++k) {
    double* const upper = upper_.data() + k * D * stride_;
    double* const z = z_.data() + k * stride_;
    if (!is_factored)
      kernels::factor_in_order(D, mixture_.covariance.data() + k * D * D, order_.data(), upper);
    std::fill_n(z, D, 0.0);
    for (int64_t p = 0; p < num_seen_; ++p)
      z[p] = rows_.value_BD[row * D + order_[p]] - mixture_.mean[k * D + order_[p]];
    kernels::solve_in_order(D, num_seen_, upper, z);
    double log_p = mixture_.log_weight[k] + log_unit;
    for (int64_t p = 0; p < num_seen_; ++p)
      log_p -= 0.5 * z[p] * z[p] + std::log(upper[p * stride_ + p]);
    for (const int64_t option : rows_.options[row])
      log_p += mixture_.log_choice[k * rows_.num_options + option];
    log_prob_[k] = log_p;
  }
}

double Expectation::log_prob_of_all() const { return log_sum_exp<double>(log_prob_); }

void Expectation::add_moments(int64_t component, double responsibility, double* first,
                              double* second) {
  const int64_t D = rows_.num_values;
  const double* const upper = upper_.data() + component * D * stride_;
  const double* const z = z_.data() + component * stride_;
  for (int64_t p = 0; p < D; ++p) {
    const int64_t i = order_[p];
    apart_[p] =
        p < num_seen_ ? rows_.value_BD[row_ * D + i] - mixture_.mean[component * D + i] : -z[p];
    first[i] += responsibility * apart_[p];
  }
  kernels::scatter_in_order(D, num_seen_, upper, apart_.data(), scatter_.data());
  for (int64_t p = 0; p < D; ++p) {
    for (int64_t q = p; q < D; ++q) {
      const auto [least, most] = std::minmax(order_[p], order_[q]);
      second[least * D + most] += responsibility * scatter_[p * stride_ + q];
    }
  }
}

}  // namespace limbic::brain
