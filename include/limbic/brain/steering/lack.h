#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>

#include "limbic/brain/steering/code.h"
#include "limbic/worlds/schema.h"

namespace limbic::brain::steering {

/// The world's variable whose value a plan's first output needs at a tick, though some cell that it
/// reads is not there; -1 where it needs none. What is needed says presence.h, as far as what is
/// there settles it before any value is known.
///
/// Shapes  there_TV: bool on the CPU.
int64_t lack_of(const Plan& plan, const worlds::Schema& schema, const at::Tensor& there_TV,
                int64_t tick);

}  // namespace limbic::brain::steering
