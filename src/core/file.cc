#include "limbic/core/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/system_calls.h"

namespace limbic {
namespace {

constexpr mode_t kFileMode = 0666;
constexpr mode_t kDirectoryMode = 0777;

[[noreturn]] void refuse(std::string_view what, const std::string& path, int error) {
  const bool disk = error == ENOSPC || error == EDQUOT || error == EIO || error == EFBIG;
  throw Error(disk ? ExitCode::kFailed : ExitCode::kInput,
              concat("cannot ", what, " ", path, ": ", std::strerror(error)));
}

/// Repeats a call that a signal interrupted; errors become exceptions.
template <class Call>
auto checked(std::string_view what, const std::string& path, const Call& call) {
  auto result = call();
  while (result < 0 && errno == EINTR) result = call();
  if (result < 0) refuse(what, path, errno);
  return result;
}

/// An open file that closes itself; close() reports what the closing says.
class OpenFile {
 public:
  OpenFile(std::string_view what, const std::string& path, int flags)
      : fd_(checked(what, path, [&] {
          return system_calls().open(path.c_str(), flags | O_CLOEXEC, kFileMode);
        })) {}
  ~OpenFile() {
    if (fd_ >= 0) system_calls().close(fd_);
  }
  OpenFile(const OpenFile&) = delete;
  OpenFile& operator=(const OpenFile&) = delete;

  [[nodiscard]] int fd() const { return fd_; }
  void close(const std::string& path) {
    const int fd = std::exchange(fd_, -1);
    if (system_calls().close(fd) < 0 && errno != EINTR) refuse("close", path, errno);
  }
  int release() { return std::exchange(fd_, -1); }

 private:
  int fd_;
};

void write_all(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t count = checked(
        "write", path, [&] { return system_calls().write(fd, bytes.data(), bytes.size()); });
    bytes.remove_prefix(static_cast<size_t>(count));
  }
}

/// File systems without fsync (some network ones) answer EINVAL: there is nothing more to do then.
void sync_file(int fd, const std::string& path) {
  checked("sync", path, [&] {
    const int result = system_calls().fsync(fd);
    return result < 0 && errno == EINVAL ? 0 : result;
  });
}

bool is_directory(const std::string& path) {
  std::error_code unknown;
  return std::filesystem::is_directory(path, unknown);
}

std::string directory_of(const std::string& path) {
  std::filesystem::path place(path);
  if (!place.has_filename()) place = place.parent_path();
  const auto parent = place.parent_path();
  return parent.empty() ? "." : parent.string();
}

std::vector<std::string> paths_in(const std::string& directory) {
  std::vector<std::string> paths;
  std::error_code error;
  std::filesystem::directory_iterator entries(directory, error);
  for (; !error && entries != std::filesystem::directory_iterator(); entries.increment(error))
    paths.push_back(entries->path().string());
  if (error) refuse("read", directory, error.value());
  return paths;
}

void write_temporary(const std::string& path, std::string_view bytes) {
  OpenFile file("write", path, O_WRONLY | O_CREAT | O_TRUNC);
  write_all(file.fd(), path, bytes);
  sync_file(file.fd(), path);
  file.close(path);
}

}  // namespace

std::string read_file(const std::string& path, size_t limit) {
  const OpenFile file("read", path, O_RDONLY);
  std::string bytes;
  std::string buffer(1 << 16, '\0');
  while (true) {
    const auto count = static_cast<size_t>(
        checked("read", path, [&] { return ::read(file.fd(), buffer.data(), buffer.size()); }));
    if (count == 0) return bytes;
    bytes.append(buffer, 0, count);
    if (bytes.size() > limit) throw input_error(path, " is larger than ", limit, " bytes");
  }
}

void write_file_durably(const std::string& path, std::string_view bytes) {
  const std::string temporary = path + ".tmp";
  try {
    write_temporary(temporary, bytes);
    checked("write", path, [&] { return system_calls().rename(temporary.c_str(), path.c_str()); });
  } catch (const Error&) {
    system_calls().unlink(temporary.c_str());
    throw;
  }
  fsync_directory(directory_of(path));
}

void fsync_directory(const std::string& path) {
  OpenFile directory("sync", path, O_RDONLY | O_DIRECTORY);
  sync_file(directory.fd(), path);
}

void rename_durably(const std::string& from, const std::string& to) {
  checked("rename", from, [&] { return system_calls().rename(from.c_str(), to.c_str()); });
  fsync_directory(directory_of(to));
}

void make_directories(const std::string& path) {
  if (is_directory(path)) return;
  const std::string parent = directory_of(path);
  if (parent != path) make_directories(parent);
  const auto make = [&] { return system_calls().mkdir(path.c_str(), kDirectoryMode); };
  int result = make();
  while (result < 0 && errno == EINTR) result = make();
  if (result < 0) {
    const int error = errno;
    if (error == EEXIST && is_directory(path)) return;
    refuse("make the directory", path, error == EEXIST ? ENOTDIR : error);
  }
  fsync_directory(parent);
}

bool exists(const std::string& path) {
  constexpr int kNotThere = 1;
  const auto look = [&] {
    const int result = system_calls().access(path.c_str(), F_OK);
    return result < 0 && (errno == ENOENT || errno == ENOTDIR) ? kNotThere : result;
  };
  return checked("look for", path, look) != kNotThere;
}

void remove_tree(const std::string& path) {
  std::error_code unknown;
  const auto type = std::filesystem::symlink_status(path, unknown).type();
  if (type == std::filesystem::file_type::not_found) return;
  const bool is_tree = type == std::filesystem::file_type::directory;
  if (is_tree) {
    for (const std::string& inside : paths_in(path)) remove_tree(inside);
  }
  checked("remove", path, [&] {
    return is_tree ? system_calls().rmdir(path.c_str()) : system_calls().unlink(path.c_str());
  });
}

AppendFile::AppendFile(std::string path) : path_(std::move(path)) {
  OpenFile file("write", path_, O_WRONLY | O_CREAT | O_APPEND);
  struct stat status {};
  checked("read", path_, [&] { return ::fstat(file.fd(), &status); });
  size_ = static_cast<uint64_t>(status.st_size);
  fsync_directory(directory_of(path_));
  fd_ = file.release();
}

AppendFile::~AppendFile() { system_calls().close(fd_); }

void AppendFile::append(std::string_view line) { append_bytes(concat(line, "\n")); }

void AppendFile::append_bytes(std::string_view bytes) {
  try {
    write_all(fd_, path_, bytes);
  } catch (const Error&) {
    system_calls().ftruncate(fd_, static_cast<off_t>(size_));
    throw;
  }
  size_ += bytes.size();
}

void AppendFile::sync() { sync_file(fd_, path_); }

void AppendFile::truncate(uint64_t size) {
  checked("cut", path_, [&] { return system_calls().ftruncate(fd_, static_cast<off_t>(size)); });
  size_ = size;
}

}  // namespace limbic
