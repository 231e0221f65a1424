#pragma once

#include <optional>
#include <string>

#include "limbic/worlds/world.h"

namespace limbic::app {

// What an option names, or an input error that names the nearest.

/// None: the world's first regime.
std::string choose_regime(const std::optional<std::string>& regime, const worlds::World& world);
worlds::Split choose_split(const std::string& split);

}  // namespace limbic::app
