#pragma once

#include "limbic/core/system_calls.h"

namespace limbic::testing_support {

/// System calls to replace; puts the real ones back when it goes out of scope.
class FaultyDisk {
 public:
  FaultyDisk() = default;
  ~FaultyDisk() { system_calls() = SystemCalls(); }
  FaultyDisk(const FaultyDisk&) = delete;
  FaultyDisk& operator=(const FaultyDisk&) = delete;

  SystemCalls* operator->() { return &system_calls(); }
};

}  // namespace limbic::testing_support
