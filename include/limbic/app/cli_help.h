#pragma once

#include <CLI/CLI.hpp>
#include <memory>

namespace limbic::app {

/// Help in 100 columns, without the options that an option needs or excludes: mistakes name them.
std::shared_ptr<CLI::Formatter> help_formatter();

/// Puts each command of a finished app under its head, with an example.
void arrange_help(CLI::App& app);

}  // namespace limbic::app
