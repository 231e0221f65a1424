#pragma once

#include "limbic/app/commands.h"

namespace limbic::app {

/// Runs every protocol of a folder and prints the table; with `ablate`, a matrix of parts against
/// rows instead. Exit code 0 if every row holds in at least 9 of 10 subjects, else 1.
int run_battery(const ConditionOptions& options);

}  // namespace limbic::app
