#include "limbic/training/run_directory.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <nlohmann/json.hpp>
#include <optional>
#include <sstream>

#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/training/tensorboard_log.h"

namespace limbic::training {
namespace {

using nlohmann::json;

constexpr size_t kMaxLock = 4096;
constexpr size_t kMaxStatus = 65536;

/// A process, told apart from a later one of the same pid by its start.
struct Owner {
  int64_t pid = 0;
  std::string host;
  std::string start;
  bool operator==(const Owner&) const = default;

  [[nodiscard]] std::string text() const { return concat("process ", pid, " on host ", host); }
};

std::string host_name() {
  std::array<char, HOST_NAME_MAX + 1> name{};
  ::gethostname(name.data(), name.size() - 1);
  return name.data();
}

/// Ticks since boot (field 22 of /proc/PID/stat, counted after the command's closing bracket).
std::string start_of(int64_t pid) {
  constexpr int kFieldsBetween = 19;
  std::string status;
  try {
    status = read_file(concat("/proc/", pid, "/stat"), kMaxStatus);
  } catch (const Error&) {
    return {};
  }
  std::istringstream fields(status.substr(status.rfind(')') + 1));
  std::string field;
  for (int i = 0; i <= kFieldsBetween; ++i) fields >> field;
  return field;
}

Owner this_process() {
  const int64_t pid = ::getpid();
  return {pid, host_name(), start_of(pid)};
}

std::optional<Owner> read_owner(int fd) {
  std::string text(kMaxLock, '\0');
  const ssize_t count = ::pread(fd, text.data(), text.size(), 0);
  text.resize(count > 0 ? static_cast<size_t>(count) : 0);
  const json object = json::parse(text, nullptr, false);
  try {
    return Owner{object.at("pid").get<int64_t>(), object.at("host").get<std::string>(),
                 object.at("start").get<std::string>()};
  } catch (const json::exception&) {
    return std::nullopt;
  }
}

void write_owner(int fd, const std::string& path) {
  const Owner owner = this_process();
  const json object{{"pid", owner.pid}, {"host", owner.host}, {"start", owner.start}};
  const std::string text = object.dump() + "\n";
  const bool written =
      ::ftruncate(fd, 0) == 0 && ::pwrite(fd, text.data(), text.size(), 0) == std::ssize(text);
  if (!written) throw failed("cannot write ", path, ": ", std::strerror(errno));
}

int open_lock(const std::string& path) {
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666);
  if (fd < 0) throw input_error("cannot write ", path, ": ", std::strerror(errno));
  return fd;
}

enum class Grasp { kHeld, kTaken, kUnknown };

Grasp grasp(int fd) {
  int result = ::flock(fd, LOCK_EX | LOCK_NB);
  while (result < 0 && errno == EINTR) result = ::flock(fd, LOCK_EX | LOCK_NB);
  if (result == 0) return Grasp::kHeld;
  return errno == EWOULDBLOCK ? Grasp::kTaken : Grasp::kUnknown;
}

bool may_be_alive(const Owner& owner) {
  if (owner.host != host_name()) return true;
  return start_of(owner.pid) == owner.start;
}

[[noreturn]] void refuse(const RunPaths& paths, Grasp result, const std::optional<Owner>& owner) {
  const std::string name = owner ? owner->text() : "another process";
  const bool is_out_of_sight = result == Grasp::kUnknown && owner && owner->host != host_name();
  throw input_error(
      paths.root, " is in use by ", name,
      is_out_of_sight ? concat("; if that process is gone, remove ", paths.lock()) : "");
}

RunPaths make_layout(const std::string& root) {
  const RunPaths paths{root};
  make_directories(paths.root);
  make_directories(paths.checkpoints());
  return paths;
}

bool ends_line(const std::string& path, uint64_t position) {
  if (position == 0) return true;
  char last = '\0';
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  const ssize_t count = ::pread(fd, &last, 1, static_cast<off_t>(position - 1));
  ::close(fd);
  return count == 1 && last == '\n';
}

/// A log: its name in state.json, where it lies, who appends to it, and where it ended when a
/// checkpoint was taken.
struct Log {
  const char* name;
  std::string (RunPaths::*path)() const;
  AppendFile RunLogs::*file;
  uint64_t LogPositions::*position;
  const char* unit;  // it is cut between two of them alone
  bool (*ends_unit)(const std::string& path, uint64_t position);
  bool is_needed;  // else a run goes on without what is lost of it
};

constexpr std::array kLogs = {
    Log{"metrics", &RunPaths::metrics, &RunLogs::metrics, &LogPositions::metrics, "line", ends_line,
        true},
    Log{"decisions", &RunPaths::decisions, &RunLogs::decisions, &LogPositions::decisions, "line",
        ends_line, true},
    Log{"timings", &RunPaths::timings, &RunLogs::timings, &LogPositions::timings, "line", ends_line,
        false},
    Log{"events", &RunPaths::events, &RunLogs::events, &LogPositions::events, "record", ends_record,
        false},
};

/// Why a log can't be cut there; empty if it can.
std::string why_not_cut(const Log& log, const std::string& path, uint64_t size, uint64_t position) {
  if (size < position)
    return concat(path, ": ", size, " bytes, but ", position, " when the checkpoint was taken");
  if (!log.ends_unit(path, position))
    return concat(path, ": no ", log.unit, " ends at byte ", position,
                  ", where the checkpoint was taken");
  return {};
}

}  // namespace

void to_json(json& json, const LogPositions& positions) {
  for (const Log& log : kLogs) json[log.name] = positions.*log.position;
}

void from_json(const json& json, LogPositions& positions) {
  for (const Log& log : kLogs) json.at(log.name).get_to(positions.*log.position);
}

RunLogs::RunLogs(const RunPaths& paths)
    : metrics(paths.metrics()),
      decisions(paths.decisions()),
      timings(paths.timings()),
      events(paths.events()) {}

RunDirectory::Lock::Lock(const RunPaths& paths, std::string& taken_over_from)
    : fd_(open_lock(paths.lock())) {
  try {
    const Grasp result = grasp(fd_);
    const auto owner = read_owner(fd_);
    const bool alive = result == Grasp::kUnknown && owner && may_be_alive(*owner);
    if (result == Grasp::kTaken || alive) refuse(paths, result, owner);
    if (owner) taken_over_from = owner->text();
    write_owner(fd_, paths.lock());
  } catch (const Error&) {
    ::close(fd_);
    throw;
  }
}

RunDirectory::Lock::~Lock() {
  (void)!::ftruncate(fd_, 0);  // where it fails, the next owner says whom it took over from
  ::close(fd_);
}

RunDirectory::RunDirectory(const std::string& root)
    : paths_(make_layout(root)), lock_(paths_, taken_over_from_), logs_(paths_) {}

RunDirectory::~RunDirectory() = default;

LogPositions RunDirectory::positions() const {
  LogPositions positions;
  for (const Log& log : kLogs) positions.*log.position = (logs_.*log.file).size();
  return positions;
}

void RunDirectory::sync_logs() {
  for (const Log& log : kLogs) (logs_.*log.file).sync();
}

void RunDirectory::require(const LogPositions& positions) {
  for (const Log& log : kLogs) {
    const std::string why =
        why_not_cut(log, (paths_.*log.path)(), (logs_.*log.file).size(), positions.*log.position);
    if (log.is_needed && !why.empty()) throw damaged(why);
  }
}

void RunDirectory::rewind(const LogPositions& positions) {
  require(positions);
  for (const Log& log : kLogs) {
    AppendFile& file = logs_.*log.file;
    const uint64_t position = positions.*log.position;
    const std::string why = why_not_cut(log, (paths_.*log.path)(), file.size(), position);
    if (!why.empty()) log::warn(why, "; it begins anew");
    file.truncate(why.empty() ? position : 0);
    file.sync();
  }
}

void RunDirectory::copy_logs(const RunPaths& from, const LogPositions& positions) {
  for (const Log& log : kLogs) {
    const std::string path = (from.*log.path)();
    if (!log.is_needed && !exists(path)) continue;
    const std::string bytes = read_file(path);
    (logs_.*log.file).append_bytes(std::string_view(bytes).substr(0, positions.*log.position));
  }
  rewind(positions);
}

}  // namespace limbic::training
