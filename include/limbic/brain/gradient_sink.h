#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <vector>

#include "limbic/brain/gradient_place.h"

namespace limbic::brain {

/// While it lives, hand-written backwards on its thread add the gradients of the parameters it
/// knows to these places, times a factor, and return none: a pass over the parameters less.
///
/// Threads one at a time on a thread; backwards that begin on that thread see it.
class GradientSink {
 public:
  GradientSink();
  ~GradientSink();
  GradientSink(const GradientSink&) = delete;
  GradientSink& operator=(const GradientSink&) = delete;

  /// Parameters whose values lie within `values` have their gradients at the same offsets in
  /// `gradients`; both are contiguous float32 of one size and outlive the sink.
  void add(const at::Tensor& values, const at::Tensor& gradients, double factor);
  /// Of the sink that lives on this thread.
  static std::optional<GradientPlace<float>> find(const at::Tensor& parameter);

 private:
  struct Range {
    const float *begin, *end;  // of values
    float* gradients;
    float factor;
  };
  std::vector<Range> ranges_;
};

}  // namespace limbic::brain
