#include "limbic/config/overrides.h"

#include <charconv>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"

namespace limbic::config {

const Mark& command_line() {
  static const Mark mark{std::make_shared<const std::string>("<command line>")};
  return mark;
}

namespace {

void mark_all(Node& node) {
  node.mark = command_line();
  for (Node& item : node.items) mark_all(item);
  for (Entry& entry : node.entries) {
    entry.key_mark = command_line();
    mark_all(entry.value);
  }
}

/// The item that `step` picks by number, or by the value of its first key (a stage by its name);
/// nullptr where the list has none such.
Node* item_of(Node& list, std::string_view step) {
  for (Node& item : list.items) {
    if (!item.entries.empty() && item.entries.front().value.text == step) return &item;
  }
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  const bool is_index = error == std::errc() && end == step.data() + step.size();
  return is_index && index < list.items.size() ? &list.items[index] : nullptr;
}

/// The item that was meant, where its name is near.
std::string near_miss(std::string_view step, const Node& list) {
  std::vector<std::string_view> names;
  for (const Node& item : list.items) {
    if (!item.entries.empty()) names.emplace_back(item.entries.front().value.text);
  }
  return nearest_word(step, names) ? did_you_mean(step, names) : "";
}

Node& value_of(Node& map, std::string_view key, const Mark& place) {
  if (Node* value = map.find(key)) return *value;
  Node none;
  none.mark = place;
  map.entries.push_back({std::string(key), place, std::move(none)});
  return map.entries.back().value;
}

/// One step down a path. `walked` is the path so far, for messages.
Node* step_into(Node& node, std::string_view step, std::string_view walked, const Mark& place,
                Problems& problems) {
  if (node.kind == Node::Kind::kNull) {
    node = Node::map({});
    node.mark = place;
  }
  if (node.kind == Node::Kind::kMap) return &value_of(node, step, place);
  if (Node* item = item_of(node, step)) return item;
  problems.add(place, node.kind == Node::Kind::kSequence
                          ? quoted(walked) + " is a list of " + std::to_string(node.items.size()) +
                                " items, from 0; it has no " + quoted(step) + near_miss(step, node)
                          : quoted(walked) + " is " + quoted(node.text) + ", so it holds no " +
                                quoted(step));
  return nullptr;
}

Node* walk(Node& root, std::string_view path, const Mark& place, Problems& problems) {
  Node* node = &root;
  for (size_t at = 0; node != nullptr && at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    node = step_into(*node, path.substr(at, dot - at), path.substr(0, at > 0 ? at - 1 : 0), place,
                     problems);
    at = dot + 1;
  }
  return node;
}

bool is_path(std::string_view path) {
  return !path.empty() && path.front() != '.' && path.back() != '.' &&
         path.find("..") == std::string_view::npos;
}

}  // namespace

void put(Node& root, std::string_view path, Node value, const Mark& place, Problems& problems) {
  if (!is_path(path)) {
    problems.add(place, "expected a dotted path, got " + quoted(path));
    return;
  }
  if (Node* node = walk(root, path, place, problems)) *node = std::move(value);
}

void apply_override(Node& root, std::string_view text, Problems& problems) {
  const size_t equals = text.find('=');
  const std::string_view path = text.substr(0, equals);
  if (equals == std::string_view::npos || !is_path(path)) {
    problems.add(command_line(), "expected path.to.key=value, got " + quoted(text));
    return;
  }
  try {
    Node value = parse_yaml(text.substr(equals + 1), "value");
    mark_all(value);
    put(root, path, std::move(value), command_line(), problems);
  } catch (const ConfigError& error) {
    problems.add(command_line(), std::string(path) + ": " + error.what());
  }
}

void apply_override(Node& root, std::string_view text) {
  Problems problems;
  apply_override(root, text, problems);
  problems.raise();
}

}  // namespace limbic::config
