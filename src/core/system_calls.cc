#include "limbic/core/system_calls.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstdio>

namespace limbic {

SystemCalls::SystemCalls()
    : open([](const char* path, int flags, mode_t mode) { return ::open(path, flags, mode); }),
      write(::write),
      fsync(::fsync),
      close(::close),
      ftruncate(::ftruncate),
      rename(::rename),
      unlink(::unlink),
      rmdir(::rmdir),
      mkdir(::mkdir),
      access(::access) {}

SystemCalls& system_calls() {
  static SystemCalls calls;
  return calls;
}

}  // namespace limbic
