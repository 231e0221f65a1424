#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace limbic {

// Files that survive a crash. Every failing system call becomes a limbic::Error that names the
// file and says why: exit code 1 where the disk is at fault (full, over quota, broken), 2 where
// the path is (missing, not permitted, not a directory).

/// The whole file. Errors: also if it holds more than `limit` bytes.
std::string read_file(const std::string& path, size_t limit = SIZE_MAX);

/// Either the old content or the new one is there after a crash, never a mixture: writes
/// `path`.tmp, fsyncs it, renames it over `path`, fsyncs the directory.
void write_file_durably(const std::string& path, std::string_view bytes);

/// Commits what was renamed into, created in or removed from a directory.
void fsync_directory(const std::string& path);

/// Renames a file or directory and fsyncs the directory it ends up in.
void rename_durably(const std::string& from, const std::string& to);

/// Makes a directory and those above it, as `mkdir -p`, and fsyncs their parents.
void make_directories(const std::string& path);

/// Whether a file or directory is there, by itself or through links.
[[nodiscard]] bool exists(const std::string& path);

/// Removes a file, or a directory with all that is in it; links are not followed. Nothing to remove
/// is fine.
void remove_tree(const std::string& path);

/// A file that grows by whole lines (metrics.jsonl) or records (TensorBoard events).
///
/// State   a line is in the file after append(), on the disk after sync().
/// Errors  what could not be written whole is cut off again, so lines and records stay whole.
/// Threads one at a time.
class AppendFile {
 public:
  explicit AppendFile(std::string path);
  ~AppendFile();
  AppendFile(const AppendFile&) = delete;
  AppendFile& operator=(const AppendFile&) = delete;

  /// Adds the line and a newline.
  void append(std::string_view line);
  /// Adds bytes that are whole in a way of their own.
  void append_bytes(std::string_view bytes);
  void sync();
  [[nodiscard]] uint64_t size() const { return size_; }
  /// Forgets everything from byte `size` on.
  void truncate(uint64_t size);

 private:
  std::string path_;
  int fd_;
  uint64_t size_ = 0;
};

}  // namespace limbic
