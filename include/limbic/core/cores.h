#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace limbic {

/// Cores that this thread may use: those that it may run on (taskset, SLURM), and no more than a
/// container's quota is worth; at least 1.
int64_t usable_cores();

/// Cores that the text of a cgroup's cpu.max is worth, "QUOTA PERIOD" in us, rounded up; none where
/// it sets no limit ("max PERIOD") or can't be read.
std::optional<int64_t> cores_of_quota(const std::string& cpu_max);

}  // namespace limbic
