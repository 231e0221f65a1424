#pragma once

#include <string_view>

#include "limbic/core/error.h"

namespace limbic::log {

/// One line each to stderr, coloured only on a terminal. Data goes to stdout, never through here.
/// Threads: from any.
enum class Level { kInfo, kWarn, kError, kQuiet };

/// Lines below `level` are dropped; kQuiet drops all.
void set_level(Level level);
Level level();

/// Several lines are several messages.
void write(Level level, std::string_view text);

/// `log::info("stage ", name, " begins at step ", step);`
void info(const auto&... parts) { write(Level::kInfo, concat(parts...)); }
void warn(const auto&... parts) { write(Level::kWarn, concat(parts...)); }
void error(const auto&... parts) { write(Level::kError, concat(parts...)); }

}  // namespace limbic::log
