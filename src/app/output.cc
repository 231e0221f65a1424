#include "limbic/app/output.h"

#include <iostream>
#include <utility>

#include "limbic/core/file.h"

namespace limbic::app {

Output::Output(std::string path) : path_(std::move(path)) {
  if (!path_.empty()) write_file_durably(path_, "");
}

std::ostream& Output::stream() { return path_.empty() ? std::cout : text_; }

void Output::commit() const {
  if (!path_.empty()) write_file_durably(path_, text_.view());
}

}  // namespace limbic::app
