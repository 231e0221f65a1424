#pragma once

#include <cstdint>
#include <span>

namespace limbic::worlds {

/// Where a uniform number u in [0, 1) falls among weights, which need not sum to 1. Never on a
/// weight of 0.
int64_t choose(std::span<const double> weights, double u);

}  // namespace limbic::worlds
