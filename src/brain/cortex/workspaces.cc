#include "limbic/brain/cortex/workspaces.h"

#include <ATen/ATen.h>

#include <algorithm>

namespace limbic::brain {

at::Tensor Workspaces::borrow(int64_t size, at::ScalarType type) {
  const auto fits = [&](const at::Tensor& t) {
    return t.use_count() == 1 && t.numel() >= size && t.scalar_type() == type;
  };
  const auto found = std::ranges::find_if(all_, fits);
  if (found != all_.end()) return *found;
  // Who is free is too small, or of another kind.
  std::erase_if(all_, [](const at::Tensor& t) { return t.use_count() == 1; });
  all_.push_back(at::empty({size}, type));
  return all_.back();
}

}  // namespace limbic::brain
