#include "limbic/config/context.h"

#include <c10/util/Exception.h>

namespace limbic::config {

void Context::refuse_missing_registry(const char* type) {
  TORCH_CHECK(false, "the context holds no ", type);
}

}  // namespace limbic::config
