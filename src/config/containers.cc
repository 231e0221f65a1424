#include "limbic/config/containers.h"

#include <algorithm>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

bool is_null(const Entry& entry) { return entry.value.kind == Node::Kind::kNull; }

/// The tail of a call whose comma made a key of it: `2)` of {truth: ema(dark, 2)}.
bool is_cut_off(const Entry& entry) {
  const auto holds = [&](char bracket) { return entry.key.find(bracket) != std::string::npos; };
  return is_null(entry) && holds(')') && !holds('(');
}

// Refuses the first call that was cut, if there is one, by how it wants to be written.
bool refuse_cut_call(const std::vector<Entry>& entries, Reader& reader) {
  const auto tail = std::ranges::find_if(entries, is_cut_off);
  if (tail == entries.end()) return false;
  auto head = tail;
  while (head != entries.begin() && is_null(*head)) --head;
  std::string example = "truth: \"ema(1 - dark, 2)\"";
  if (head->value.kind == Node::Kind::kScalar) {
    auto end = std::find_if_not(tail, entries.end(), is_null);
    while (!is_cut_off(*(end - 1))) --end;
    std::string text = head->value.text;
    for (auto piece = head + 1; piece != end; ++piece) text += ", " + piece->key;
    example = concat(head->key, ": \"", text, "\"");
  }
  reader.problem(tail->key_mark,
                 concat(quoted(tail->key),
                        " is no key: text with a comma wants quotes inside { }, as in ", example));
  return true;
}

}  // namespace

bool expect_sequence(const Node& node, Reader& reader, const Facts& facts) {
  if (node.kind == Node::Kind::kSequence) return true;
  std::string hint;
  if (node.kind == Node::Kind::kScalar) hint = "; write [" + node.text.substr(0, 60) + "]";
  if (node.kind == Node::Kind::kNull) hint = "; write [] for an empty one";
  reader.expected("a list", node, facts, hint);
  return false;
}

bool expect_map(const Node& node, Reader& reader, const Facts& facts) {
  if (node.kind == Node::Kind::kMap) return !refuse_cut_call(node.entries, reader);
  const bool is_null = node.kind == Node::Kind::kNull;
  reader.expected("a map", node, facts, is_null ? "; write {} for an empty one" : "");
  return false;
}

std::optional<size_t> read_choice(const Node& node, Reader& reader,
                                  const std::vector<std::string_view>& names, const Facts& facts) {
  const std::string name(facts.key.empty() ? "value" : facts.key);
  if (node.kind != Node::Kind::kScalar) {
    reader.expected("a " + name, node, facts, did_you_mean("", names));
    return std::nullopt;
  }
  const auto found = std::find(names.begin(), names.end(), node.text);
  if (found != names.end()) return static_cast<size_t>(found - names.begin());
  reader.problem(node.mark,
                 "unknown " + name + " " + quoted(node.text) + did_you_mean(node.text, names));
  return std::nullopt;
}

Shape choice_shape(const std::vector<std::string_view>& names) {
  Shape shape;
  for (const std::string_view name : names) {
    shape.type += (shape.type.empty() ? "" : ", ") + std::string(name);
    shape.schema += (shape.schema.empty() ? "\"" : ", \"") + std::string(name) + "\"";
  }
  shape.type = "one of " + shape.type;
  shape.schema = R"({"enum": [)" + shape.schema + "]}";
  return shape;
}

}  // namespace limbic::config
