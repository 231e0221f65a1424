#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/fields.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// What configs mean when they name variables of the cortex, and masks over the cells of those.
///
/// Shapes  masks [B, T, V] bool on the CPU.
/// Errors  ConfigError at the place of a name or glob that fits nothing the cortex sees.

/// Indices of the variables whose name or modality one of the globs matches, in schema order.
std::vector<int64_t> select(const Schema& schema, const std::vector<config::Located>& globs);
/// Which cells globs name at a moment, as is_named has it (site.h): all of a variable or modality,
/// either at a tick, `state@3`, or a cell alone. Seen from the moment, a tick may also be called
///
///   now   next, the tick after it   past, all ticks before it
///
/// unless that is a variable's own name.
///
/// Shapes  [T, V] bool on the CPU.
at::Tensor select_cells(const Schema& schema, const std::vector<config::Located>& globs,
                        int64_t now = 0);
/// How many moments there are, from tick 0 on: one where no glob speaks of a moment, else all ticks
/// at which each now and next names something.
int64_t num_moments(const Schema& schema, const std::vector<config::Located>& globs);
/// Whether a glob speaks of a moment: ends in @now, @next or @past, and is no variable's own name.
bool names_moment(const Schema& schema, const config::Located& glob);
/// The variable of that very name.
int64_t select_one(const Schema& schema, const config::Located& name);
/// What to say of a variable that should be a category, and how numbers of a table become one.
std::string not_a_category(const Variable& variable);

/// The part of a mask that lies on the cells of these variables.
at::Tensor only(const at::Tensor& mask_BTV, const Schema& schema,
                const std::vector<int64_t>& variables);
/// Ranks 0, 1, ... of the cells of each row in a random order, those in `first_BTV` before all
/// others: [B, T, V] int64.
at::Tensor random_order(const at::Tensor& first_BTV, const Stream& stream);
/// The same with cells of a lower group, int64 [B, T, V], before those of a higher one.
at::Tensor random_order_of_groups(const at::Tensor& group_BTV, const Stream& stream);
/// How many numbers each cell stands for: dimensions of a vector, else 1. [V] float32.
at::Tensor cell_sizes(const Schema& schema);
/// In each row a random set of n cells of `among_BTV`; n is uniform from none to all but one.
at::Tensor random_subset(const at::Tensor& among_BTV, const Stream& stream);

}  // namespace limbic::worlds
