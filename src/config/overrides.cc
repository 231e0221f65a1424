#include "limbic/config/overrides.h"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <optional>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"

namespace limbic::config {

const Mark& command_line() {
  static const Mark mark{std::make_shared<const std::string>("<command line>")};
  return mark;
}

namespace {

constexpr std::string_view kPunctuation = ",[]{}|>&*!%@`#";  // of which none is a value alone

void mark_all(Node& node, const Mark& place) {
  node.mark = place;
  for (Node& item : node.items) mark_all(item, place);
  for (Entry& entry : node.entries) {
    entry.key_mark = place;
    mark_all(entry.value, place);
  }
}

/// What an item of a list is called; empty where it has no name.
std::string_view name_of(const Node& item) {
  for (const char* key : {"stage", "phase", "law"}) {
    if (const Node* name = item.find(key)) return name->text;
  }
  return {};
}

/// The items that `step` picks: one by its number, or all of that name.
std::vector<size_t> items_of(const Node& list, std::string_view step) {
  size_t index = 0;
  const auto [end, error] = std::from_chars(step.data(), step.data() + step.size(), index);
  std::vector<size_t> found;
  if (error == std::errc() && end == step.data() + step.size()) {
    if (index < list.items.size()) found.push_back(index);
    return found;
  }
  for (size_t i = 0; i < list.items.size(); ++i) {
    if (name_of(list.items[i]) == step) found.push_back(i);
  }
  return found;
}

/// Why it is not one item that `step` picks.
std::string why_not_one(std::string_view step, const Node& list, const std::vector<size_t>& found) {
  if (found.empty()) {
    std::vector<std::string_view> names;
    for (const Node& item : list.items) names.push_back(name_of(item));
    return concat(" is a list of ", counted(std::ssize(list.items), "item"), ", from 0; it has no ",
                  quoted(step), nearest_word(step, names) ? did_you_mean(step, names) : "");
  }
  std::string numbers;
  for (const size_t i : found) numbers += concat(i == found.front() ? "" : ", ", i);
  return concat(" has several ", quoted(step), "; say which by its number: ", numbers);
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
  const bool is_number = step.find_first_not_of("0123456789") == std::string_view::npos;
  if (node.kind == Node::Kind::kNull && is_number && walked.starts_with("curriculum.")) {
    problems.add(place, concat(quoted(walked), " is not said here (what a stage inherits is not ",
                               "part of it), so it has no item ", step));
    return nullptr;
  }
  if (node.kind == Node::Kind::kNull) {
    node = Node::map({});
    node.mark = place;
  }
  if (node.kind == Node::Kind::kMap) return &value_of(node, step, place);
  if (node.kind == Node::Kind::kScalar) {
    problems.add(place, concat(quoted(walked), " is ", quoted(node.text), ", so it holds no ",
                               quoted(step)));
    return nullptr;
  }
  const std::vector<size_t> found = items_of(node, step);
  if (found.size() == 1) return &node.items[found.front()];
  problems.add(place, quoted(walked) + why_not_one(step, node, found));
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

/// The path up to its last step, and that step.
std::pair<std::string_view, std::string_view> split_last(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == std::string_view::npos) return {"", path};
  return {path.substr(0, dot), path.substr(dot + 1)};
}

/// In the place of an item of a list, or behind its last.
void put_item(Node& list, std::string_view path, Node value, const Mark& place,
              Problems& problems) {
  const auto [walked, step] = split_last(path);
  const std::vector<size_t> found = items_of(list, step);
  const size_t size = list.items.size();
  if (value.kind == Node::Kind::kNull) {
    problems.add(place, concat(quoted(walked), " is a list, of which no item may be nothing; a ",
                               "file with a base leaves one out by drop: [", path, "]"));
  } else if (found.size() == 1) {
    list.items[found.front()] = std::move(value);
  } else if (step == std::to_string(size)) {
    list.items.push_back(std::move(value));
  } else {
    problems.add(place, concat(quoted(walked), why_not_one(step, list, found),
                               found.empty() ? concat("; ", size, " would be a new one") : ""));
  }
}

/// Which entry or item a step picks, if it picks one.
std::optional<size_t> index_of(const Node& node, std::string_view step) {
  if (node.kind == Node::Kind::kSequence) {
    const std::vector<size_t> found = items_of(node, step);
    return found.size() == 1 ? std::optional(found.front()) : std::nullopt;
  }
  const auto entry = std::ranges::find(node.entries, step, &Entry::key);
  if (entry == node.entries.end()) return std::nullopt;
  return static_cast<size_t>(entry - node.entries.begin());
}

/// What a step could have been called.
std::vector<std::string_view> names_in(const Node& node) {
  std::vector<std::string_view> names;
  for (const Entry& entry : node.entries) names.emplace_back(entry.key);
  for (const Node& item : node.items) {
    if (const std::string_view name = name_of(item); !name.empty()) names.push_back(name);
  }
  return names;
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
  const auto [walked, step] = split_last(path);
  Node* const parent = walked.empty() ? &root : walk(root, walked, place, problems);
  if (parent == nullptr) return;
  if (parent->kind == Node::Kind::kSequence) {
    put_item(*parent, path, std::move(value), place, problems);
  } else if (Node* node = step_into(*parent, step, walked, place, problems)) {
    *node = std::move(value);
  }
}

void drop(Node& root, std::string_view path, const Mark& place, Problems& problems) {
  Node* node = &root;
  for (size_t at = 0; at <= path.size();) {
    const size_t dot = std::min(path.find('.', at), path.size());
    const std::string_view step = path.substr(at, dot - at);
    const auto index = index_of(*node, step);
    if (!index) {
      const bool has_several = items_of(*node, step).size() > 1;
      problems.add(place, has_several
                              ? concat("drop: ", quoted(path.substr(0, at > 0 ? at - 1 : 0)),
                                       why_not_one(step, *node, items_of(*node, step)))
                              : concat("drop: there is no ", quoted(path),
                                       did_you_mean(step, names_in(*node))));
      return;
    }
    const auto offset = static_cast<std::ptrdiff_t>(*index);
    const bool is_list = node->kind == Node::Kind::kSequence;
    if (dot < path.size()) {
      node = is_list ? &node->items[*index] : &node->entries[*index].value;
    } else if (is_list) {
      node->items.erase(node->items.begin() + offset);
    } else {
      node->entries.erase(node->entries.begin() + offset);
    }
    at = dot + 1;
  }
}

void apply_override(Node& root, std::string_view text, Problems& problems) {
  const size_t equals = text.find('=');
  const std::string_view path = text.substr(0, equals);
  if (equals == std::string_view::npos || !is_path(path)) {
    problems.add(command_line(), "expected path.to.key=value, got " + quoted(text));
    return;
  }
  const std::string_view written = text.substr(equals + 1), bare = trimmed(written);
  const bool is_mark =
      written.size() == 1 && kPunctuation.find(written[0]) != std::string_view::npos;
  if (is_mark || bare.starts_with('#')) {  // by which all of it would be a comment
    problems.add(command_line(),
                 concat(path, ": ", quoted(bare.substr(0, 1)),
                        " is punctuation in YAML; as text it wants quotes of its own: --set ", path,
                        "=\"'", bare, "'\""));
    return;
  }
  Mark place = command_line();
  place.source = std::make_shared<const std::string>(text);
  try {
    Node value = parse_yaml(written, "");
    mark_all(value, place);
    put(root, path, std::move(value), place, problems);
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
