#include "limbic/app/config_file.h"

#include <algorithm>
#include <filesystem>

#include "limbic/app/parts.h"
#include "limbic/config/overrides.h"
#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/curriculum/merge.h"

namespace limbic::app {

using config::Node;

namespace {

// Takes a key out of a map; a null node without a file if it is not there.
Node take(Node& map, std::string_view key) {
  const auto found = std::ranges::find_if(
      map.entries, [&](const config::Entry& entry) { return entry.key == key; });
  if (found == map.entries.end()) return {};
  Node value = std::move(found->value);
  map.entries.erase(found);
  return value;
}

// Takes away what stands at a dotted path of map keys.
void drop_path(Node& root, const Node& path, config::Problems& problems) {
  Node* map = &root;
  std::string_view rest = path.text;
  for (size_t dot = rest.find('.'); map != nullptr && dot != std::string_view::npos;
       dot = rest.find('.')) {
    map = map->find(rest.substr(0, dot));
    rest.remove_prefix(dot + 1);
  }
  std::vector<std::string_view> known;
  if (map != nullptr)
    std::ranges::transform(map->entries, std::back_inserter(known), &config::Entry::key);
  if (std::ranges::find(known, rest) == known.end()) {
    problems.add(path.mark, "drop: there is no " + quoted(path.text) + did_you_mean(rest, known));
  } else {
    std::erase_if(map->entries, [&](const config::Entry& entry) { return entry.key == rest; });
  }
}

Node read_with_base(const std::string& path, std::vector<std::string> seen,
                    config::Problems& problems) {
  seen.push_back(std::filesystem::weakly_canonical(path).string());
  Node root = config::read_yaml_file(path, problems);
  if (root.kind != Node::Kind::kMap) return root;
  const Node base = take(root, "base");
  const Node set = take(root, "set");
  const Node drop = take(root, "drop");
  if (drop.kind != Node::Kind::kSequence && drop.kind != Node::Kind::kNull) {
    problems.add(drop.mark, "drop must be a list of paths, got " + drop.described());
  } else if (drop.kind == Node::Kind::kSequence && base.kind == Node::Kind::kNull) {
    problems.add(drop.mark, "drop takes keys out of a base, and there is none");
  }
  if (base.kind == Node::Kind::kScalar) {
    const auto below = (std::filesystem::path(path).parent_path() / base.text).string();
    std::error_code unseen;  // by which a path that cannot be looked at is no file
    const auto canonical = std::filesystem::weakly_canonical(below, unseen).string();
    if (std::ranges::find(seen, canonical) != seen.end()) {
      problems.add(base.mark,
                   "base " + quoted(base.text) + " leads back to a file that it is the base of");
    } else if (!std::filesystem::exists(below, unseen)) {
      problems.add(base.mark, "base " + quoted(base.text) + ": no such file");
    }
    problems.raise();  // of what lacks its base, all else would seem to be missing
    Node under = read_with_base(below, seen, problems);
    for (const Node& path : drop.items) drop_path(under, path, problems);
    root = curriculum::merged(under, root);
  } else if (base.mark.file) {
    problems.add(base.mark, "base must be the path of a file, got " + base.described());
    problems.raise();
  }
  if (set.kind != Node::Kind::kMap && set.kind != Node::Kind::kNull)
    problems.add(set.mark, "set must be a map of paths, got " + set.described());
  for (const config::Entry& entry : set.entries)
    config::put(root, entry.key, entry.value, entry.key_mark, problems);
  return root;
}

FileKind kind_by_keys(const Node& root) {
  const auto has = [&](const auto*... keys) { return ((root.find(keys) != nullptr) || ...); };
  if (has("world", "curriculum")) return FileKind::kRun;
  if (has("measures", "criterion", "contrast", "phenomenon")) return FileKind::kProtocol;
  if (has("cues", "lines", "phases", "groups")) return FileKind::kSchedule;
  return has("subjects", "response") ? FileKind::kBrain : FileKind::kRun;
}

}  // namespace

FileKind kind_of(const std::string& path) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(path, unseen)) return FileKind::kRun;
  config::Problems untold;  // until it is read as what it is
  const Node root = config::read_yaml_file(path, untold);
  const Node* const base = root.find("base");
  if (base == nullptr) return kind_by_keys(root);
  config::Problems of_base, problems;
  const FileKind kind = kind_by_keys(read_with_base(path, {}, of_base));
  if (kind == FileKind::kProtocol)
    problems.add(base->mark, "a protocol has no base; use 'set'");
  else if (kind == FileKind::kSchedule)
    problems.add(base->mark, "a schedule has no base");
  problems.raise();
  return kind;
}

Node read_config_tree(const std::string& path, const std::vector<std::string>& assignments,
                      config::Problems& problems) {
  Node root = read_with_base(path, {}, problems);
  for (const std::string& assignment : assignments)
    config::apply_override(root, assignment, problems);
  return root;
}

RunConfig read_config(const std::string& path, const std::vector<std::string>& assignments) {
  config::Problems problems;
  const Node root = read_config_tree(path, assignments, problems);
  auto config = config::parse<RunConfig>(root, problems, parts());
  problems.raise();
  return config;
}

}  // namespace limbic::app
