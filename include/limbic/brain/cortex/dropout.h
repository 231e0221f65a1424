#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>

#include "limbic/core/stream.h"

namespace limbic::brain {

/// Drops hidden units in the passes that something is learned from: those with gradients, while
/// there is a stream.
///
///   x <- x [u >= rate] / (1 - rate)
///
/// State   the stream, and how often it was drawn from: what is dropped is a pure function of the
///         stream and of the calls since it was set.
/// Source  Srivastava et al. 2014, JMLR 15.
class Dropout {
 public:
  explicit Dropout(double rate) : rate_(rate) {}

  [[nodiscard]] double rate() const { return rate_; }
  /// None: nothing is dropped.
  void draw_from(const std::optional<Stream>& stream);
  /// Whether this pass drops anything.
  [[nodiscard]] bool is_active() const;
  at::Tensor operator()(const at::Tensor& x);
  /// What the next call would multiply its units by, 0 or 1 / (1 - rate), and counts as that call;
  /// undefined where nothing is dropped.
  at::Tensor factors(at::IntArrayRef sizes, const at::TensorOptions& options);

 private:
  double rate_;
  std::optional<Stream> stream_;
  int64_t num_calls_ = 0;
};

}  // namespace limbic::brain
