#pragma once

#include <fcntl.h>
#include <sys/types.h>

#include <cstddef>
#include <functional>

namespace limbic {

/// The system calls by which files that survive a crash reach a disk, are found there and leave it.
/// core/file.cc writes and removes by no others, so a test that replaces them plays a full disk, a
/// slow one, or a crash between two calls.
/// Threads: replace only while nobody writes.
struct SystemCalls {
  SystemCalls();

  std::function<int(const char* path, int flags, mode_t mode)> open;
  std::function<ssize_t(int fd, const void* bytes, size_t size)> write;
  std::function<int(int fd)> fsync;
  std::function<int(int fd)> close;
  std::function<int(int fd, off_t size)> ftruncate;
  std::function<int(const char* from, const char* to)> rename;
  std::function<int(const char* path)> unlink;
  std::function<int(const char* path)> rmdir;
  std::function<int(const char* path, mode_t mode)> mkdir;
  std::function<int(const char* path, int mode)> access;
};

SystemCalls& system_calls();

}  // namespace limbic
