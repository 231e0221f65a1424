#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>

#include "limbic/core/stream.h"

namespace limbic::proof {

/// Damages the newest checkpoint `count` times by one flipped bit, a tenth as often by a cut, a
/// tenth as often by a block of zeros, and by files of the others; each time asks for the newest
/// good one, then mends it. Counts what was refused, what was named, and whether the one before
/// came back.
nlohmann::json damage_checkpoints(const std::string& directory, int64_t count,
                                  const Stream& stream);

}  // namespace limbic::proof
