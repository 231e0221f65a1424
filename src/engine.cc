#include <ATen/Context.h>
#include <c10/util/Exception.h>
#include <malloc.h>

#include <cstdlib>
#include <iostream>

#include "limbic/app/cli.h"
#include "limbic/core/error.h"
#include "limbic/core/log.h"

namespace {

int run(int argc, char** argv) {
  namespace app = limbic::app;
  const app::Commands commands{
      app::train, app::resume,  app::check,  app::plan,      app::eval,    app::draw,
      app::infer, app::decide,  app::score,  app::condition, app::fork,    app::export_weights,
      app::diff,  app::inspect, app::verify, app::explain,   app::metrics, app::list};
  try {
    return app::run_command_line(argc, argv, commands);
  } catch (const c10::Error& error) {
    limbic::log::error(
        limbic::concat(error.what_without_backtrace(), " (a fault of limbic, not of yours)"));
  } catch (const std::exception& error) {
    limbic::log::error(error.what());
  }
  return static_cast<int>(limbic::ExitCode::kFailed);
}

}  // namespace

int main(int argc, char** argv) {
  // Tensors of a step are freed and taken again all the time: keep them in the heap instead of
  // giving pages back (4 to 14 % of a step).
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  mallopt(M_TRIM_THRESHOLD, 1 << 30);
  mallopt(M_TOP_PAD, 64 << 20);
  // A product with numbers next to nothing (a far component's gradient) takes up to a hundred times
  // as long. All threads inherit this.
  at::globalContext().setFlushDenormal(true);
  const int code = run(argc, argv);
#ifndef __SANITIZE_ADDRESS__  // which looks for leaks at the end
  // Taking LibTorch down takes .16 s, and nothing waits for it: files are written and closed by
  // then, and what a command that failed has printed is let out here.
  std::cout.flush();
  std::_Exit(code);
#endif
  return code;
}
