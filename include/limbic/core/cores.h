#pragma once

#include <cstdint>

namespace limbic {

/// Cores that this thread may run on (taskset, SLURM, containers); at least 1.
int64_t usable_cores();

}  // namespace limbic
