#include "limbic/brain/upload.h"

namespace limbic::brain {

void Upload::add(at::Tensor& tensor) {
  key_ += tensor.defined() ? 't' : 'u';
  if (!tensor.defined()) return;
  key_ += std::to_string(static_cast<int>(tensor.scalar_type()));
  for (const int64_t size : tensor.sizes()) key_ += ',' + std::to_string(size);
  tensors_.push_back(&tensor);
}

void Upload::decide(int64_t number) { key_ += 'n' + std::to_string(number); }

}  // namespace limbic::brain
