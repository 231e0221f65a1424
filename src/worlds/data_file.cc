#include "limbic/worlds/data_file.h"

#include <filesystem>

#include "limbic/core/error.h"
#include "limbic/core/file.h"

namespace limbic::worlds {

void require_data_file(const std::string& path) {
  if (exists(path)) return;
  const bool is_relative = std::filesystem::path(path).is_relative();
  throw input_error("cannot read ", path, ": No such file or directory",
                    is_relative ? " in the working directory" : "",
                    "; say where it is with --set world.file=PATH");
}

}  // namespace limbic::worlds
