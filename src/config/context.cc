#include "limbic/config/context.h"

#include <stdexcept>

#include "limbic/core/error.h"

namespace limbic::config {

// A broken promise inside the program, in a layer that stands without LibTorch's TORCH_CHECK.
void Context::refuse_missing_registry(const char* type) {
  throw std::logic_error(concat("the context holds no ", type));
}

}  // namespace limbic::config
