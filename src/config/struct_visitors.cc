#include "limbic/config/struct_visitors.h"

#include <algorithm>

#include "limbic/core/suggest.h"

namespace limbic::config {

StructReader::StructReader(const Node& map, Reader& reader, const Facts& facts, KeyCollector known)
    : map_(map), reader_(reader), facts_(facts), known_(std::move(known)) {}

const Node* StructReader::value_of(const Facts& facts) {
  const Node* value = map_.find(facts.key);
  if (value == nullptr && facts.is_required) {
    reader_.problem(map_.mark, "missing key " + quoted(path_of(facts.key)));
  }
  return value;
}

std::string StructReader::path_of(std::string_view key) const {
  const std::string inside = facts_.is_absent ? std::string(facts_.key) + "." : "";
  return inside + std::string(key);
}

Node StructReader::empty_map() const {
  Node empty = Node::map({});
  empty.mark = map_.mark;
  return empty;
}

Node StructReader::remainder_of_map() const {
  Node remainder = empty_map();
  std::copy_if(map_.entries.begin(), map_.entries.end(), std::back_inserter(remainder.entries),
               [this](const Entry& entry) { return !knows(entry.key); });
  return remainder;
}

bool StructReader::knows(std::string_view key) const {
  return std::find(known_.keys.begin(), known_.keys.end(), key) != known_.keys.end();
}

void StructReader::refuse_unknown_keys() {
  if (known_.has_rest) return;
  auto candidates = known_.keys;
  candidates.insert(candidates.end(), facts_.siblings.begin(), facts_.siblings.end());
  for (const Entry& entry : map_.entries) {
    if (knows(entry.key)) continue;
    reader_.problem(entry.key_mark,
                    "unknown key " + quoted(entry.key) + did_you_mean(entry.key, candidates));
  }
}

Description StructDescriber::described(const Facts& facts) {
  Description description;
  description.key = facts.key;
  description.help = facts.help;
  description.is_required = facts.is_required;
  description.range = facts.range;
  return description;
}

void StructDescriber::adopt(Description child, const Node& preset) {
  using Form = Description::Form;
  const bool shows_preset = child.form != Form::kStruct && child.form != Form::kChoice &&
                            !child.is_required && preset.kind != Node::Kind::kNull;
  if (shows_preset) child.preset = to_flow_yaml(preset);
  parent_.children.push_back(std::move(child));
}

}  // namespace limbic::config
