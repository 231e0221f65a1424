#include <algorithm>
#include <cmath>
#include <vector>

#include "limbic/brain/cortex/base/over_base.h"
#include "limbic/core/log_sum_exp.h"

namespace limbic::brain::kernels {
namespace {

/// Of what the base says of one query, all its components together.
struct Whole {
  float mean, deviation;
};

Whole whole_of(const ScalarOverBase& of, int64_t query) {
  const int64_t begin = query * of.base, end = begin + of.base;
  double mean = 0, variance = 0;
  for (int64_t k = begin; k < end; ++k) mean += std::exp(of.log_weight[k]) * of.mean[k];
  for (int64_t k = begin; k < end; ++k) {
    const double apart = of.mean[k] - mean;
    variance += std::exp(of.log_weight[k]) * (of.scale[k] * of.scale[k] + apart * apart);
  }
  return {static_cast<float>(mean), static_cast<float>(std::sqrt(variance))};
}

// From the gradient of the logits' log softmax; `shift` is their log_sum_exp.
template <class T>
void log_softmax_backward(int64_t n, const T* logits, T shift, const T* d, T* d_logits) {
  T sum = 0;
  for (int64_t i = 0; i < n; ++i) sum += d[i];
  for (int64_t i = 0; i < n; ++i) d_logits[i] = d[i] - std::exp(logits[i] - shift) * sum;
}

}  // namespace

void over_base(const ScalarOverBase& of, float* params) {
  const int64_t K = of.own + of.base;
  for (int64_t i = 0; i < of.n; ++i) {
    const float* const own = of.outputs + i * of.num_outputs();
    const int64_t first = of.query[i] * of.base;
    float* const logit = params + i * of.num_params();
    float *const mean = logit + K, *const log_scale = mean + K;
    const Whole whole = whole_of(of, of.query[i]);
    const float shift = log_sum_exp<float>({own, own + of.own}), gate = own[3 * of.own];
    const float log_deviation = std::log(whole.deviation);
    for (int64_t k = 0; k < of.own; ++k) {
      logit[k] = own[k] - shift;
      mean[k] = whole.mean + whole.deviation * own[of.own + k];
      log_scale[k] = log_deviation + own[2 * of.own + k];
    }
    for (int64_t k = 0; k < of.base; ++k) {
      logit[of.own + k] = gate + static_cast<float>(of.log_weight[first + k]);
      mean[of.own + k] = static_cast<float>(of.mean[first + k]);
      log_scale[of.own + k] = std::log(static_cast<float>(of.scale[first + k]));
    }
  }
}

void over_base_backward(const ScalarOverBase& of, const float* d_params, float* d_outputs) {
  const int64_t K = of.own + of.base;
  for (int64_t i = 0; i < of.n; ++i) {
    const float* const own = of.outputs + i * of.num_outputs();
    const float* const d_logit = d_params + i * of.num_params();
    const float *const d_mean = d_logit + K, *const d_log_scale = d_mean + K;
    float* const to = d_outputs + i * of.num_outputs();
    const float deviation = whole_of(of, of.query[i]).deviation;
    log_softmax_backward(of.own, own, log_sum_exp<float>({own, own + of.own}), d_logit, to);
    for (int64_t k = 0; k < of.own; ++k) to[of.own + k] = deviation * d_mean[k];
    std::copy_n(d_log_scale, of.own, to + 2 * of.own);
    float d_gate = 0;
    for (int64_t k = of.own; k < K; ++k) d_gate += d_logit[k];
    to[3 * of.own] = d_gate;
  }
}

template <class T>
void over_base(const ChoiceOverBase<T>& of, T* logits) {
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const own = of.outputs + i * (of.classes + 1);
    const T shift = log_sum_exp<T>({own, own + of.classes}), gate = own[of.classes];
    for (int64_t c = i * of.classes; c < (i + 1) * of.classes; ++c) {
      const T both[] = {own[c - i * of.classes] - shift, gate + of.base_log_p[c]};
      logits[c] = log_sum_exp<T>(both);
    }
  }
}

template <class T>
void over_base_backward(const ChoiceOverBase<T>& of, const T* d_logits, T* d_outputs) {
  std::vector<T> d_own(of.classes);
  for (int64_t i = 0; i < of.n; ++i) {
    const T* const own = of.outputs + i * (of.classes + 1);
    const T* const d = d_logits + i * of.classes;
    const T* const base_log_p = of.base_log_p + i * of.classes;
    T* const to = d_outputs + i * (of.classes + 1);
    const T shift = log_sum_exp<T>({own, own + of.classes}), gate = own[of.classes];
    T d_gate = 0;
    for (int64_t c = 0; c < of.classes; ++c) {
      const T share_of_own = 1 / (1 + std::exp(gate + base_log_p[c] - (own[c] - shift)));
      d_own[c] = d[c] * share_of_own;
      d_gate += d[c] * (1 - share_of_own);
    }
    log_softmax_backward(of.classes, own, shift, d_own.data(), to);
    to[of.classes] = d_gate;
  }
}

template void over_base(const ChoiceOverBase<float>&, float*);
template void over_base(const ChoiceOverBase<double>&, double*);
template void over_base_backward(const ChoiceOverBase<float>&, const float*, float*);
template void over_base_backward(const ChoiceOverBase<double>&, const double*, double*);

}  // namespace limbic::brain::kernels
