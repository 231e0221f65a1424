#include "limbic/app/config_file.h"

#include <algorithm>
#include <filesystem>

#include "limbic/app/parts.h"
#include "limbic/config/overrides.h"
#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
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
    for (const Node& path : drop.items) config::drop(under, path.text, path.mark, problems);
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

// At the top of such a file are the parts' names, so that what is under them has to tell.
bool are_parts(const Node& root) {
  return !root.entries.empty() && std::ranges::all_of(root.entries, [](const auto& entry) {
    return entry.value.find("set") != nullptr || entry.value.find("needed_by") != nullptr;
  });
}

// What an ablation means by null would train a whole one. A run's own record may hold it, from
// before it named the linear one.
void refuse_null_amygdala(const Node& root, std::string_view record, config::Problems& problems) {
  const Node* const amygdala = root.find("amygdala");
  if (amygdala == nullptr || amygdala->kind != Node::Kind::kNull) return;
  if (amygdala->mark.file && *amygdala->mark.file == record) return;
  problems.add(amygdala->mark,
               "amygdala: null is no type; take steering.variables away to have no assessor, or "
               "leave the key out for the default, linear");
}

RunConfig read_config_of(const std::string& path, const std::vector<std::string>& assignments,
                         std::string_view record) {
  config::Problems problems;
  const Node root = read_config_tree(path, assignments, problems);
  refuse_null_amygdala(root, record, problems);
  auto config = config::parse<RunConfig>(root, problems, parts());
  raise_as(problems, path, FileKind::kRun);
  return config;
}

}  // namespace

std::optional<FileKind> kind_by_keys(const Node& root) {
  const auto has = [&](const auto*... keys) { return ((root.find(keys) != nullptr) || ...); };
  if (has("world", "curriculum")) return FileKind::kRun;
  if (has("measures", "criterion", "contrast", "phenomenon")) return FileKind::kProtocol;
  if (has("cues", "lines", "phases", "groups")) return FileKind::kSchedule;
  if (has("subjects", "response")) return FileKind::kBrain;
  return are_parts(root) ? std::optional(FileKind::kParts) : std::nullopt;
}

std::optional<FileKind> kind_of(const std::string& path) {
  std::error_code unseen;
  if (!std::filesystem::is_regular_file(path, unseen)) return std::nullopt;
  config::Problems untold;  // until it is read as what it is
  const Node root = config::read_yaml_file(path, untold);
  const Node* const base = root.find("base");
  if (base == nullptr) return kind_by_keys(root);
  config::Problems of_base;
  const auto kind = kind_by_keys(read_with_base(path, {}, of_base));
  if (kind == FileKind::kProtocol) config::refuse(base->mark, "a protocol has no base; use 'set'");
  if (kind == FileKind::kSchedule) config::refuse(base->mark, "a schedule has no base");
  return kind;
}

void require_kind(const std::string& path, FileKind wanted) {
  const std::optional<FileKind> kind = kind_of(path);
  if (!kind || kind == wanted) return;
  const std::filesystem::path file = path;
  const std::string typed = shell_word(path), name = shell_word(file.stem().string());
  const std::string folder = file.has_parent_path() ? shell_word(file.parent_path()) : ".";
  switch (*kind) {
    case FileKind::kRun:
      throw input_error(path, " is a config; limbic train ", typed, " trains it");
    case FileKind::kBrain:
      throw input_error(path, " is a brain; limbic condition SCHEDULE --config ", typed,
                        " runs its subjects");
    case FileKind::kSchedule:
      throw input_error(path, " is a schedule; limbic condition ", typed, " runs it");
    case FileKind::kProtocol:
      throw input_error(path, " is a protocol; limbic condition --battery --protocols ", folder,
                        " --only ", name, " runs it");
    case FileKind::kParts:
      throw input_error(path,
                        " names parts of a brain; limbic condition --battery --ablate --parts ",
                        typed, " takes each away");
  }
}

void raise_as(const config::Problems& problems, const std::string& path, FileKind wanted) {
  if (!problems.empty()) require_kind(path, wanted);
  problems.raise();
}

Node read_config_tree(const std::string& path, const std::vector<std::string>& assignments,
                      config::Problems& problems) {
  Node root = read_with_base(path, {}, problems);
  for (const std::string& assignment : assignments)
    config::apply_override(root, assignment, problems);
  return root;
}

RunConfig read_config(const std::string& path, const std::vector<std::string>& assignments) {
  return read_config_of(path, assignments, /*record=*/"");
}

RunConfig read_recorded_config(const std::string& path,
                               const std::vector<std::string>& assignments) {
  return read_config_of(path, assignments, path);
}

}  // namespace limbic::app
