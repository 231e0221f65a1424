#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "limbic/config/structs.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/schema.h"

namespace limbic::evals {

/// What the cortex is asked about on held-out rows, and what it is told.
struct VariableRoles {
  std::vector<int64_t> asked;                 // variables
  std::optional<std::vector<int64_t>> given;  // variables; none: the eval's own default

  /// Errors  ConfigError at names that fit nothing, and where a variable is both given and asked.
  static VariableRoles of(const worlds::Schema& schema, const std::vector<config::Located>& asked,
                          const std::optional<std::vector<config::Located>>& given);

  /// Observes what is given (by default all that is not asked), asks about the present cells of
  /// what is asked.
  [[nodiscard]] worlds::Roles roles(const worlds::Episodes& episodes,
                                    const worlds::Schema& schema) const;
};

}  // namespace limbic::evals
