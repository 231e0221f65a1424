#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "limbic/app/cli.h"
#include "limbic/core/error.h"

namespace {

// A file that is opened takes the number of a stream that was closed, and what is printed would
// land in it. So closed streams are open on nothing, for the engine too: the other way round, so
// that who reads or writes there still fails.
void occupy_closed_streams() {
  for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; ++fd) {
    if (::fcntl(fd, F_GETFD) < 0)
      (void)::open("/dev/null", fd == STDIN_FILENO ? O_WRONLY : O_RDONLY);
  }
}

}  // namespace

// Help and mistyped commands are answered at once. LibTorch takes half a second to load, so
// whatever computes is done by limbic-engine, which lies beside this program and takes over this
// process.
int main(int argc, char** argv) {
  occupy_closed_streams();
  const auto become_engine = [argv]() -> int {
    const auto engine =
        std::filesystem::read_symlink("/proc/self/exe").replace_filename("limbic-engine");
    ::execv(engine.c_str(), argv);
    throw limbic::failed("cannot run ", engine.string(), ": ", std::strerror(errno));
  };
  return limbic::app::run_command_line(argc, argv, {}, become_engine);
}
