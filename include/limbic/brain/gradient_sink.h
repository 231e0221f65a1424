#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <unordered_map>

namespace limbic::brain {

/// While it lives, hand-written backwards on its thread add the gradients of the parameters it
/// knows to these places, times a factor, and return none: a pass over the parameters less.
///
/// Threads one at a time on a thread; backwards that begin on that thread see it.
class GradientSink {
 public:
  struct Place {
    float* to;
    float factor;
  };

  GradientSink();
  ~GradientSink();
  GradientSink(const GradientSink&) = delete;
  GradientSink& operator=(const GradientSink&) = delete;

  /// `gradient`: contiguous float32 of the parameter's size, which outlives the sink.
  void add(const at::Tensor& parameter, const at::Tensor& gradient, double factor);
  /// Of the sink that lives on this thread.
  static std::optional<Place> find(const at::Tensor& parameter);

 private:
  std::unordered_map<const void*, Place> places_;  // by where the parameter's values are
};

}  // namespace limbic::brain
