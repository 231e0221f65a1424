#pragma once

#include <string>
#include <vector>

#include "limbic/app/run_config.h"

namespace limbic::app {

/// A config file as one tree: `base: other.yaml` is read first, paths in `drop: [path.to.key]` are
/// taken out of it, and it is laid under; `set: {path.to.key: value}` and then the command line's
/// assignments (path.to.key=value) are put in last.
///
/// Errors  ConfigError with all mistakes at once.
RunConfig read_config(const std::string& path, const std::vector<std::string>& assignments);

/// The tree alone; mistakes are noted.
config::Node read_config_tree(const std::string& path, const std::vector<std::string>& assignments,
                              config::Problems& problems);

}  // namespace limbic::app
