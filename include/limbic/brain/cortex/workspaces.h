#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <vector>

namespace limbic::brain {

/// Buffers that are lent for as long as somebody holds them, and lent again.
/// Threads those of one worker.
class Workspaces {
 public:
  /// At least `size` numbers of this kind on the CPU, from a multiple of 64 bytes on.
  at::Tensor borrow(int64_t size, at::ScalarType type);

 private:
  std::vector<at::Tensor> all_;
};

}  // namespace limbic::brain
