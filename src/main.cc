#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "limbic/app/cli.h"
#include "limbic/core/error.h"

// Help and mistyped commands are answered at once. LibTorch takes half a second to load, so
// whatever computes is done by limbic-engine, which lies beside this program and takes over this
// process.
int main(int argc, char** argv) {
  using limbic::app::Commands;
  const auto become_engine = [argv](const auto&...) -> int {
    const auto engine =
        std::filesystem::read_symlink("/proc/self/exe").replace_filename("limbic-engine");
    ::execv(engine.c_str(), argv);
    throw limbic::failed("cannot run ", engine.string(), ": ", std::strerror(errno));
  };
  const Commands commands{become_engine, become_engine, become_engine, become_engine,
                          become_engine, become_engine, become_engine, become_engine,
                          become_engine, become_engine, become_engine, become_engine,
                          become_engine, become_engine, become_engine, become_engine,
                          become_engine};
  return limbic::app::run_command_line(argc, argv, commands);
}
