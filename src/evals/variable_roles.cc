#include "limbic/evals/variable_roles.h"

#include <algorithm>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {

VariableRoles VariableRoles::of(const worlds::Schema& schema,
                                const std::vector<config::Located>& asked,
                                const std::optional<std::vector<config::Located>>& given) {
  VariableRoles variables{.asked = worlds::select(schema, asked), .given = std::nullopt};
  if (!given) return variables;
  variables.given = worlds::select(schema, *given);
  config::Problems problems;
  for (const config::Located& glob : *given) {
    for (const int64_t i : worlds::select(schema, {glob})) {
      if (std::ranges::find(variables.asked, i) == variables.asked.end()) continue;
      problems.add(glob.mark, concat(quoted(schema[i].name), " is both given and asked about"));
    }
  }
  problems.raise();
  return variables;
}

worlds::Roles VariableRoles::roles(const worlds::Episodes& episodes,
                                   const worlds::Schema& schema) const {
  const at::Tensor visible_BTV = worlds::visible(episodes, schema);
  const at::Tensor asked_BTV = worlds::only(visible_BTV, schema, asked);
  return {given ? worlds::only(visible_BTV, schema, *given)
                : visible_BTV.logical_and(asked_BTV.logical_not()),
          asked_BTV};
}

}  // namespace limbic::evals
