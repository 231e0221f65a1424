#include "limbic/brain/cortex/dropout.h"

#include <ATen/ATen.h>
#include <ATen/core/grad_mode.h>

namespace limbic::brain {

void Dropout::draw_from(const std::optional<Stream>& stream) {
  stream_ = stream;
  num_calls_ = 0;
}

bool Dropout::is_active() const { return rate_ > 0 && stream_ && at::GradMode::is_enabled(); }

at::Tensor Dropout::operator()(const at::Tensor& x) {
  const auto by = factors(x.sizes(), x.options());
  return by.defined() ? x * by : x;
}

at::Tensor Dropout::factors(at::IntArrayRef sizes, const at::TensorOptions& options) {
  if (!is_active()) return {};
  const auto uniform = stream_->at(num_calls_++).uniform(sizes, options.device());
  return uniform.ge(rate_).to(options.dtype()).mul_(1 / (1 - rate_));
}

}  // namespace limbic::brain
