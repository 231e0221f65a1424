#pragma once

#include "limbic/config/node.h"

namespace limbic::curriculum {

/// `over` laid over `base`, as config::merged does: at `until`, `when`, `weight` and
/// `learning_rate` a condition and a schedule are one thing each.
config::Node merged(const config::Node& base, const config::Node& over);

}  // namespace limbic::curriculum
