#pragma once

#include "limbic/app/commands.h"

namespace limbic::app {

/// Parses the command line, calls the command, turns limbic::Error into one line on stderr and an
/// exit code.
int run_command_line(int argc, char** argv, const Commands& commands);

}  // namespace limbic::app
