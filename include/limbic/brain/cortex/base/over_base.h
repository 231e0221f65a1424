#pragma once

#include <cstdint>

/// Read-outs over a base density, as base_posterior.h defines them: what a read-out emits beside
/// what the base says. Plain row-major buffers, one thread, no torch headers.
namespace limbic::brain::kernels {

/// A scalar's own Gaussians and the base's.
///
/// Shapes  n queries; outputs [n, 3 own + 1]: logits, means, log scales, the gate; log_weight, mean
///         and scale [queries, base], in which query i is row query[i]; params [n, 3 (own + base)].
struct ScalarOverBase {
  int64_t n, own, base;
  const float* outputs;
  const int64_t* query;
  const double *log_weight, *mean, *scale;

  [[nodiscard]] int64_t num_outputs() const { return 3 * own + 1; }
  [[nodiscard]] int64_t num_params() const { return 3 * (own + base); }
};
void over_base(const ScalarOverBase& of, float* params);
void over_base_backward(const ScalarOverBase& of, const float* d_params, float* d_outputs);

/// A category's own chances and the base's, in float32 or float64.
///
/// Shapes  outputs [n, classes + 1]: logits and the gate; base_log_p, logits [n, classes].
template <class T>
struct ChoiceOverBase {
  int64_t n, classes;
  const T *outputs, *base_log_p;
};
template <class T>
void over_base(const ChoiceOverBase<T>& of, T* logits);
template <class T>
void over_base_backward(const ChoiceOverBase<T>& of, const T* d_logits, T* d_outputs);

}  // namespace limbic::brain::kernels
