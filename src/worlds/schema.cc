#include "limbic/worlds/schema.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"

namespace limbic::worlds {
namespace {

void check(const Variable& variable, int64_t num_ticks) {
  TORCH_CHECK(variable.size >= 1 && variable.num_cells >= 1, "variable '", variable.name,
              "' has size ", variable.size, " and ", variable.num_cells, " cells");
  TORCH_CHECK(variable.kind != Kind::kScalar || variable.size == 1, "scalar '", variable.name,
              "' has size ", variable.size);
  TORCH_CHECK(variable.num_ticks >= 1 && variable.num_ticks <= num_ticks, "variable '",
              variable.name, "' has ", variable.num_ticks, " of ", num_ticks, " ticks");
  TORCH_CHECK(variable.names.empty() || std::ssize(variable.names) == variable.size, "variable '",
              variable.name, "' has ", variable.names.size(), " names for ", variable.size,
              " categories");
  TORCH_CHECK(variable.scale > 0, "variable '", variable.name, "' has scale ", variable.scale);
  TORCH_CHECK(variable.low < variable.high, "variable '", variable.name, "' lies between ",
              variable.low, " and ", variable.high);
  TORCH_CHECK(
      variable.transform.is_none() || (variable.kind == Kind::kScalar && std::isinf(variable.low) &&
                                       std::isinf(variable.high) && variable.transform.unit > 0),
      "variable '", variable.name, "' has a transform, and is no scalar without bounds");
}

}  // namespace

Schema::Schema(std::vector<Variable> variables, int64_t num_ticks)
    : variables_(std::move(variables)), num_ticks_(num_ticks) {
  std::set<std::string_view> names;
  for (const Variable& variable : variables_) {
    check(variable, num_ticks);
    TORCH_CHECK(names.insert(variable.name).second, "two variables are called '", variable.name,
                "'");
    offsets_.push_back(offsets_.back() + variable.num_cells);
  }
}

int64_t Schema::find(std::string_view name) const {
  const auto found = std::ranges::find(variables_, name, &Variable::name);
  return found == variables_.end() ? -1 : found - variables_.begin();
}

int64_t Schema::require(std::string_view name) const {
  const int64_t index = find(name);
  if (index >= 0) return index;
  throw input_error("no variable is called ", quoted(name), did_you_mean(name, names()));
}

std::vector<int64_t> Schema::match(std::string_view glob) const {
  std::vector<int64_t> found;
  for (int64_t i = 0; i < size(); ++i) {
    if (matches_glob(glob, variables_[i].name) || matches_glob(glob, variables_[i].modality)) {
      found.push_back(i);
    }
  }
  return found;
}

std::vector<std::string> Schema::names() const {
  std::vector<std::string> names;
  for (const Variable& variable : variables_) names.push_back(variable.name);
  return names;
}

std::vector<std::string> Schema::modalities() const {
  std::vector<std::string> found;
  for (const Variable& variable : variables_) {
    const bool is_new = std::ranges::find(found, variable.modality) == found.end();
    if (variable.access == Access::kCortex && is_new) found.push_back(variable.modality);
  }
  return found;
}

}  // namespace limbic::worlds
