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

void GradientSink::add(const at::Tensor& parameter, const at::Tensor& gradient, double factor) {
  TORCH_CHECK(gradient.is_contiguous() && gradient.numel() == parameter.numel(),
              "a gradient must be contiguous and of its parameter's size, got ", gradient.sizes(),
              " for ", parameter.sizes());
  places_[parameter.const_data_ptr()] = {gradient.mutable_data_ptr<float>(),
                                         static_cast<float>(factor)};
}

std::optional<GradientSink::Place> GradientSink::find(const at::Tensor& parameter) {
  if (current == nullptr) return std::nullopt;
  const auto found = current->places_.find(parameter.const_data_ptr());
  return found == current->places_.end() ? std::nullopt : std::optional(found->second);
}

}  // namespace limbic::brain
