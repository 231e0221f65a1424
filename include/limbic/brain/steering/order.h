#pragma once

#include <vector>

#include "limbic/brain/steering/names.h"

namespace limbic::brain::steering {

/// Definitions in such an order that each comes after those that its value and override name.
/// Notes each cycle, "cycle: flinch -> pain -> flinch", where it closes.
std::vector<int64_t> in_order(const std::vector<Definition>& definitions, const Names& names,
                              config::Problems& problems);

}  // namespace limbic::brain::steering
