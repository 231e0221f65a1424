#include "limbic/brain/gradient_sink.h"

#include <ATen/ATen.h>

namespace limbic::brain {
namespace {

thread_local GradientSink* current = nullptr;

}  // namespace

GradientSink::GradientSink() {
  TORCH_CHECK(current == nullptr, "a thread has one gradient sink at a time");
  current = this;
}

GradientSink::~GradientSink() { current = nullptr; }

void GradientSink::add(const at::Tensor& values, const at::Tensor& gradients, double factor) {
  TORCH_CHECK(
      gradients.is_contiguous() && values.is_contiguous() && gradients.numel() == values.numel(),
      "gradients must be contiguous and of their parameters' size, got ", gradients.sizes(),
      " for ", values.sizes());
  const auto* const begin = values.const_data_ptr<float>();
  ranges_.push_back({begin, begin + values.numel(), gradients.mutable_data_ptr<float>(),
                     static_cast<float>(factor)});
}

std::optional<GradientPlace<float>> GradientSink::find(const at::Tensor& parameter) {
  if (current == nullptr) return std::nullopt;
  const auto* const at = parameter.const_data_ptr<float>();
  for (const Range& range : current->ranges_) {
    if (at >= range.begin && at < range.end)
      return GradientPlace<float>{range.gradients + (at - range.begin), range.factor};
  }
  return std::nullopt;
}

}  // namespace limbic::brain
