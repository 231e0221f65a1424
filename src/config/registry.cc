#include "limbic/config/registry.h"

#include <algorithm>

#include "limbic/config/overrides.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

/// A map without `type`, or nothing: perhaps it is there, misspelled.
void refuse_missing_type(const Node& node, Reader& reader,
                         const std::vector<std::string_view>& names, const Facts& facts) {
  for (const Entry& entry : node.entries) {
    if (!nearest_word(entry.key, {"type"})) continue;
    reader.problem(entry.key_mark, "unknown key " + quoted(entry.key) + "; did you mean 'type'?");
    return;
  }
  const bool is_told_where = node.mark.line > 0 || facts.key.empty();
  reader.problem(node.mark, concat(is_told_where ? "" : concat(facts.key, ": "),
                                   "missing key 'type'", did_you_mean("", names)));
}

}  // namespace

std::optional<TypeChoice> read_type(const Node& node, Reader& reader,
                                    const std::vector<std::string_view>& names,
                                    const Facts& facts) {
  if (node.kind != Node::Kind::kNull && !expect_map(node, reader, facts)) return std::nullopt;
  const auto type = std::find_if(node.entries.begin(), node.entries.end(),
                                 [](const Entry& entry) { return entry.key == "type"; });
  if (type == node.entries.end()) {
    refuse_missing_type(node, reader, names, facts);
    return std::nullopt;
  }
  const auto index = read_choice(type->value, reader, names, Facts{.key = "type"});
  if (!index) return std::nullopt;
  TypeChoice choice{*index, node};
  choice.rest.entries.erase(choice.rest.entries.begin() + (type - node.entries.begin()));
  return choice;
}

void explain_type(const Node& node, Reader& reader) {
  const auto is_typed = [](const Mark& mark) { return mark.file == command_line().file; };
  const Node& type = *node.find("type");
  const bool keeps_others = std::ranges::any_of(
      node.entries, [&](const Entry& entry) { return !is_typed(entry.value.mark); });
  if (!is_typed(type.mark) || !keeps_others) return;
  constexpr std::string_view kType = ".type";
  std::string_view path = *type.mark.source;  // PATH.type=TYPE
  path = path.substr(0, path.find('='));
  if (!path.ends_with(kType)) return;
  path.remove_suffix(kType.size());
  reader.problem(command_line(), concat("write --set '", path, "={type: ", type.text,
                                        "}' to leave the others out"));
}

}  // namespace limbic::config
