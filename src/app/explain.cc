#include "limbic/curriculum/explain.h"

#include <filesystem>
#include <iostream>

#include "limbic/app/commands.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {

int explain(const std::string& run) {
  const std::string log = training::RunPaths{run}.decisions();
  if (!std::filesystem::exists(log)) throw input_error(run, ": no run here (it has no decisions.jsonl)");
  std::cout << curriculum::explain(curriculum::read_decisions(read_file(log), log));
  return 0;
}

}  // namespace limbic::app
