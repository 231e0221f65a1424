#pragma once

#include <cstdint>
#include <vector>

#include "limbic/worlds/schema.h"

namespace limbic::brain {

/// One place where the cortex can see or predict something: a cell of a variable at a tick.
struct Site {
  int64_t variable;  // index in the schema
  int64_t tick;
  int64_t row_cell;  // index in the row of V cells
  int64_t own_cell;  // among those of its variable
};

/// All sites of a schema's cortical variables, ordered by variable, tick, cell: S of them.
std::vector<Site> cortical_sites(const worlds::Schema& schema);

}  // namespace limbic::brain
