#include "limbic/training/checkpoint.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <string_view>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/log.h"
#include "limbic/training/manifest.h"

namespace limbic::training {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kPrefix = "step-";
constexpr size_t kDigits = 9;
constexpr std::string_view kUnfinished = ".tmp";
constexpr std::string_view kReplaced = ".old";
constexpr std::string_view kSetAside = ".damaged";
constexpr std::string_view kTensors = ".safetensors";
constexpr const char* kConfig = "config.yaml";
constexpr size_t kMaxManifest = size_t{64} << 20;

std::string name_of(int64_t step) {
  std::string digits = std::to_string(step);
  if (digits.size() < kDigits) digits.insert(0, kDigits - digits.size(), '0');
  return concat(kPrefix, digits);
}

std::optional<int64_t> step_of(std::string_view name) {
  if (!name.starts_with(kPrefix)) return std::nullopt;
  const auto digits = name.substr(kPrefix.size());
  int64_t step = 0;
  const auto end = std::from_chars(digits.data(), digits.data() + digits.size(), step);
  if (end.ec != std::errc() || name_of(step) != name) return std::nullopt;
  return step;
}

/// The same of a checkpoint that another was about to take the place of.
std::optional<int64_t> replaced_step_of(std::string_view name) {
  if (!name.ends_with(kReplaced)) return std::nullopt;
  return step_of(name.substr(0, name.size() - kReplaced.size()));
}

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  std::error_code error;
  fs::directory_iterator entries(directory, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code gone;
    if (entries->is_directory(gone)) names.push_back(entries->path().filename().string());
  }
  if (error && error != std::errc::no_such_file_or_directory) {
    throw input_error("cannot read ", directory, ": ", error.message());
  }
  std::ranges::sort(names);
  return names;
}

/// A file that a checkpoint cannot do without: whatever hinders reading it is damage.
std::string read_part(const std::string& path, size_t limit) {
  try {
    return read_file(path, limit);
  } catch (const Error& error) {
    throw damaged(path, ": ", error.what());
  }
}

Manifest read_manifest(const std::string& directory) {
  const std::string file = concat(directory, "/", kManifestName);
  auto manifest = Manifest::parse(read_part(file, kMaxManifest), file);
  for (const char* name : {kStateName, kConfig}) {
    if (!manifest.files.contains(name)) throw damaged(file, ": lists no ", name);
  }
  return manifest;
}

void check_step(int64_t step, const Manifest& manifest, const std::string& directory) {
  if (manifest.step == step) return;
  throw damaged(directory, "/", kManifestName, ": is of step ", manifest.step);
}

/// Writes each file and notes it in the manifest, which comes last.
class Writer {
 public:
  Writer(std::string directory, int64_t step) : directory_(std::move(directory)) {
    manifest_.step = step;
  }
  void add_text(const std::string& name, const std::string& text) {
    write_file_durably(directory_ + "/" + name, text);
    manifest_.add(name, text);
  }
  void add_tensors(const std::string& circuit, const std::vector<NamedTensor>& tensors) {
    if (!is_plain_name(circuit)) {
      throw input_error("circuit '", circuit,
                        "': wants a name of letters, digits, '.', '_' and '-'");
    }
    const std::string name = concat(circuit, kTensors);
    const std::string bytes = encode(tensors);
    write_file_durably(directory_ + "/" + name, bytes);
    manifest_.add(name, bytes, tensors);
  }
  void finish() {
    write_file_durably(concat(directory_, "/", kManifestName), manifest_.text());
    fsync_directory(directory_);
  }

 private:
  std::string directory_;
  Manifest manifest_;
};

void check_parts(const std::string& directory, const Manifest& manifest,
                 const std::function<void(const Error&)>& found) {
  for (const auto& [name, record] : manifest.files) {
    const std::string file = directory + "/" + name;
    try {
      check_file(record, read_part(file, record.bytes), file);
    } catch (const Error& error) {
      found(error);
    }
  }
}

/// Clears away what is in nobody's way; where that fails (on NFS, while a reader holds a file open)
/// nothing is lost.
void tidy(const auto& clear) {
  try {
    clear();
  } catch (const Error& error) {
    log::warn(error.what(), "; the next save tries again to clear it away");
  }
}

/// Right after a save it is the disk that is at fault.
void read_back(const std::string& directory) {
  try {
    check_parts(directory, read_manifest(directory), [](const Error& error) { throw error; });
  } catch (const Error& error) {
    throw failed("what was saved does not read back: ", error.what());
  }
}

Snapshot read_listed(const std::string& directory, const Manifest& manifest) {
  Snapshot snapshot{.step = manifest.step, .directory = directory};
  for (const auto& [name, record] : manifest.files) {
    const std::string file = directory + "/" + name;
    std::string bytes = read_part(file, record.bytes);
    if (name.ends_with(kTensors)) {
      const auto circuit = name.substr(0, name.size() - kTensors.size());
      snapshot.circuits[circuit] = read_tensors(record, bytes, file);
      continue;
    }
    check_file(record, bytes, file);
    if (name == kStateName) snapshot.state_json = std::move(bytes);
    if (name == kConfig) snapshot.config_yaml = std::move(bytes);
    if (name == kWorldName) snapshot.world_json = std::move(bytes);
  }
  return snapshot;
}

Snapshot read_step(const std::string& directory, int64_t step) {
  const auto manifest = read_manifest(directory);
  check_step(step, manifest, directory);
  return read_listed(directory, manifest);
}

}  // namespace

Snapshot read_checkpoint(const std::string& directory) {
  return read_listed(directory, read_manifest(directory));
}

CheckpointStore::CheckpointStore(std::string directory, CheckpointConfig config)
    : directory_(std::move(directory)), config_(config) {}

std::string CheckpointStore::whole_path(int64_t step) const {
  return concat(directory_, "/", name_of(step));
}

std::string CheckpointStore::path(int64_t step) const {
  const std::string whole = whole_path(step);
  const std::string replaced = concat(whole, kReplaced);
  return exists(whole) || !exists(replaced) ? whole : replaced;
}

void CheckpointStore::recover() {
  for (const std::string& name : names_in(directory_)) {
    const std::string found = directory_ + "/" + name;
    const fs::path place(found);
    if (!step_of(place.stem().string())) continue;
    const std::string whole = concat(directory_, "/", place.stem().string());
    if (place.extension() == kReplaced && !exists(whole)) rename_durably(found, whole);
    if (place.extension() == kReplaced || place.extension() == kUnfinished)
      tidy([&] { remove_tree(found); });
  }
}

void CheckpointStore::save(const Snapshot& snapshot) {
  TORCH_CHECK(snapshot.step >= 0, "a checkpoint of step ", snapshot.step);
  const std::string unfinished = concat(whole_path(snapshot.step), kUnfinished);
  try {
    remove_tree(unfinished);
    make_directories(unfinished);
    Writer writer(unfinished, snapshot.step);
    for (const auto& [circuit, tensors] : snapshot.circuits) writer.add_tensors(circuit, tensors);
    writer.add_text(kStateName, snapshot.state_json);
    writer.add_text(kConfig, snapshot.config_yaml);
    if (!snapshot.world_json.empty()) writer.add_text(kWorldName, snapshot.world_json);
    writer.finish();
    commit(snapshot.step);
  } catch (const Error&) {
    try {
      recover();
    } catch (const Error&) {  // the first error says what is wrong; the next start clears the rest
    }
    throw;
  }
  read_back(whole_path(snapshot.step));
  write_file_durably(directory_ + "/latest", name_of(snapshot.step) + "\n");
  retain(snapshot);
}

void CheckpointStore::commit(int64_t step) {
  const std::string whole = whole_path(step);
  const std::string replaced = concat(whole, kReplaced);
  if (exists(whole)) {
    remove_tree(replaced);  // an earlier save's, if that could not
    rename_durably(whole, replaced);
  }
  rename_durably(concat(whole, kUnfinished), whole);
  tidy([&] { remove_tree(replaced); });
}

void CheckpointStore::remove(int64_t step) {
  const std::string unwanted = concat(whole_path(step), kUnfinished);
  remove_tree(unwanted);
  rename_durably(path(step), unwanted);
  tidy([&] { remove_tree(unwanted); });
}

void CheckpointStore::retain(const Snapshot& saved) {
  tidy([&] { recover(); });  // of what earlier saves could not clear away
  auto steps = list();
  std::erase_if(steps, [&](int64_t step) { return step > saved.step; });
  const auto kept = std::min(steps.size(), static_cast<size_t>(config_.keep_last));
  steps.resize(steps.size() - kept);
  for (const int64_t step : steps) {
    if (!config_.is_milestone(step) && step != saved.best_step) tidy([&] { remove(step); });
  }
}

void CheckpointStore::discard_after(int64_t step) {
  auto steps = list();
  for (; !steps.empty() && steps.back() > step; steps.pop_back()) remove(steps.back());
}

void CheckpointStore::set_aside_after(int64_t step) {
  auto steps = list();
  for (; !steps.empty() && steps.back() > step; steps.pop_back()) {
    const std::string unreadable = path(steps.back());
    const std::string kept = concat(whole_path(steps.back()), kSetAside);
    remove_tree(kept);  // an earlier one's
    rename_durably(unreadable, kept);
    log::warn(unreadable, " is kept as ", kept, ", which nothing reads");
  }
}

std::vector<int64_t> CheckpointStore::list() const {
  std::vector<int64_t> steps;
  for (const std::string& name : names_in(directory_)) {
    if (const auto step = step_of(name)) steps.push_back(*step);
    if (const auto step = replaced_step_of(name)) steps.push_back(*step);
  }
  std::ranges::sort(steps);
  steps.erase(std::ranges::unique(steps).begin(), steps.end());
  return steps;
}

Snapshot CheckpointStore::load(int64_t step) const {
  const auto steps = list();
  if (std::ranges::find(steps, step) == steps.end()) {
    if (steps.empty()) throw input_error(directory_, " holds no checkpoint");
    std::string known;
    for (const int64_t other : steps) known += concat(known.empty() ? "" : ", ", other);
    throw input_error(directory_, " holds no checkpoint of step ", step, "; it holds ", known);
  }
  return read_step(path(step), step);
}

Snapshot CheckpointStore::load_newest() const {
  return load_newest([](const std::string& line) { log::warn(line); });
}

Snapshot CheckpointStore::load_newest(const std::function<void(std::string)>& warn) const {
  const auto steps = list();
  if (steps.empty()) throw input_error(directory_, " holds no checkpoint");
  for (size_t i = steps.size(); i-- > 0;) {
    const std::string directory = path(steps[i]);
    try {
      Snapshot snapshot = read_step(directory, steps[i]);
      if (i + 1 < steps.size()) {
        warn(concat("going back to step ", steps[i], " from the damaged step ", steps.back()));
      }
      return snapshot;
    } catch (const Error& error) {
      if (!exists(directory)) return load_newest(warn);  // its run has gone on meanwhile
      if (error.code() != ExitCode::kDamaged) throw;
      warn(error.what());
    }
  }
  throw damaged("no checkpoint in ", directory_, " is whole");
}

std::vector<CheckpointProblem> CheckpointStore::verify() const {
  std::vector<CheckpointProblem> problems;
  for (const int64_t step : list()) {
    const std::string directory = path(step);
    // A run that goes on may remove a checkpoint while it is read: that is no damage.
    const auto note = [&](const Error& error) {
      if (exists(directory)) problems.push_back({step, error.what()});
    };
    try {
      const auto manifest = read_manifest(directory);
      check_step(step, manifest, directory);
      check_parts(directory, manifest, note);
    } catch (const Error& error) {
      note(error);
    }
  }
  return problems;
}

}  // namespace limbic::training
