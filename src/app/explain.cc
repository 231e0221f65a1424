#include "limbic/curriculum/explain.h"

#include <iostream>

#include "limbic/app/commands.h"
#include "limbic/app/trained.h"
#include "limbic/core/file.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

int explain(const std::string& run) {
  require_run(run, "that run");
  const std::string log = training::RunPaths{run}.decisions();
  std::cout << curriculum::explain(curriculum::read_decisions(read_file(log), log));
  return 0;
}

}  // namespace limbic::app
