#pragma once

#include <optional>
#include <string>
#include <vector>

#include "limbic/app/run_config.h"

namespace limbic::app {

/// A config file as one tree: `base: other.yaml` is read first, paths in `drop: [path.to.key]` are
/// taken out of it, and it is laid under; `set: {path.to.key: value}` and then the command line's
/// assignments (path.to.key=value) are put in last.
///
/// Errors  ConfigError with all mistakes at once; input for a file of limbic condition.
RunConfig read_config(const std::string& path, const std::vector<std::string>& assignments);
/// The same of the config that a run keeps, where an earlier limbic wrote `amygdala: null` for a
/// linear one.
RunConfig read_recorded_config(const std::string& path,
                               const std::vector<std::string>& assignments);

/// What a YAML file is: the config of a run, or one of what limbic condition reads.
enum class FileKind { kRun, kBrain, kSchedule, kProtocol, kParts };
/// By the keys at its top, once it is laid over its base; nothing where none of them says so, or of
/// what can be read but once, as a pipe.
///
/// Errors  ConfigError of a base that cannot be read, or of a protocol or schedule that has one.
std::optional<FileKind> kind_of(const std::string& path);
/// The same of a tree's own keys.
std::optional<FileKind> kind_by_keys(const config::Node& root);
/// Errors  input for a file of another kind: what runs it.
void require_kind(const std::string& path, FileKind wanted);
/// Throws if something was noted of a file that was read as one of that kind: what that was, or as
/// require_kind, since of a file of another kind it is much.
void raise_as(const config::Problems& problems, const std::string& path, FileKind wanted);

/// The tree alone; mistakes are noted.
config::Node read_config_tree(const std::string& path, const std::vector<std::string>& assignments,
                              config::Problems& problems);

}  // namespace limbic::app
