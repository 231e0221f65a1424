#pragma once

#include <string>
#include <vector>

#include "limbic/app/commands.h"
#include "limbic/app/protocol.h"

namespace limbic::app {

/// YAML: a part of the brain, what takes it away, and what then fails.
struct PartConfig {
  Changes set;
  std::vector<config::Located> needed_by;

  static void fields(auto& self, auto&& field) {
    field("set", self.set, config::required, "values by dotted path that take it away");
    field("needed_by", self.needed_by,
          "the rows that do not hold without it: their numbers, or names where they have none");
  }
};

/// A file of parts. Errors: ConfigError with all its mistakes; input where it holds none.
config::Map<PartConfig> read_parts(const std::string& path);

/// Runs every protocol of a folder and prints the table; with `ablate`, a matrix of parts against
/// rows instead. Exit code 0 if every row holds in at least 90 % of its subjects, or if without
/// each part just the rows fail that need it; else 1.
int run_battery(const ConditionOptions& options);

}  // namespace limbic::app
