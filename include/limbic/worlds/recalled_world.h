#pragma once

#include <memory>
#include <string>

#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// What there is to know of a world to ask about it: its schema, regimes, and how files of its rows
/// are written.
[[nodiscard]] std::string to_json(const World& world);

/// A world that says the same, to the last bit, without the data that the first was made from.
/// REQUIRES: nobody draws its episodes, asks for its oracle or counts its rows.
///
/// Errors  damaged, naming `file`, on a missing, unknown or misshapen key; input on another format
///         than this limbic reads.
[[nodiscard]] std::unique_ptr<World> recalled_world(const std::string& text,
                                                    const std::string& file);

}  // namespace limbic::worlds
