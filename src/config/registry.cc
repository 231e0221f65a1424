#include "limbic/config/registry.h"

#include <algorithm>

#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

/// A map without `type`: perhaps it is there, misspelled.
void refuse_missing_type(const Node& node, Reader& reader,
                         const std::vector<std::string_view>& names) {
  for (const Entry& entry : node.entries) {
    if (!nearest_word(entry.key, {"type"})) continue;
    reader.problem(entry.key_mark, "unknown key " + quoted(entry.key) + "; did you mean 'type'?");
    return;
  }
  reader.problem(node.mark, "missing key 'type'" + did_you_mean("", names));
}

}  // namespace

std::optional<TypeChoice> read_type(const Node& node, Reader& reader,
                                    const std::vector<std::string_view>& names,
                                    const Facts& facts) {
  if (!expect_map(node, reader, facts)) return std::nullopt;
  const auto type = std::find_if(node.entries.begin(), node.entries.end(),
                                 [](const Entry& entry) { return entry.key == "type"; });
  if (type == node.entries.end()) {
    refuse_missing_type(node, reader, names);
    return std::nullopt;
  }
  const auto index = read_choice(type->value, reader, names, Facts{.key = "type"});
  if (!index) return std::nullopt;
  TypeChoice choice{*index, node};
  choice.rest.entries.erase(choice.rest.entries.begin() + (type - node.entries.begin()));
  return choice;
}

}  // namespace limbic::config
