#pragma once

#include <functional>

#include "limbic/app/commands.h"

namespace limbic::app {

/// Parses the command line, calls the command (or what is to be done `instead` of any), turns
/// limbic::Error into one line on stderr and an exit code.
int run_command_line(int argc, char** argv, const Commands& commands,
                     const std::function<int()>& instead = {});

}  // namespace limbic::app
