#pragma once

namespace limbic::app {

/// Parses the command line, runs the command, turns errors into one line on stderr and an exit
/// code.
int run_command_line(int argc, char** argv);

}  // namespace limbic::app
