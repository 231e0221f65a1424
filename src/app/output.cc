#include "limbic/app/output.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <string_view>
#include <system_error>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/file.h"

namespace limbic::app {

using std::filesystem::file_type;

namespace {

void write_into(const std::string& path, std::string_view bytes) {
  std::ofstream file(path);
  if (!file) throw input_error("cannot write ", path, ": ", std::strerror(errno));
  file << bytes << std::flush;
  if (!file) throw failed("cannot write ", path, ": ", std::strerror(errno));
}

}  // namespace

Output::Output(std::string path) : path_(std::move(path)) {
  if (path_.empty()) return;
  std::error_code unknown;
  const file_type type = std::filesystem::symlink_status(path_, unknown).type();
  if (type == file_type::directory) throw input_error("cannot write ", path_, ": Is a directory");
  is_file_ = type == file_type::regular || type == file_type::not_found;
  if (!is_file_) return;
  const std::string temporary = path_ + ".tmp";  // of write_file_durably
  AppendFile{temporary};
  std::filesystem::remove(temporary, unknown);
}

std::ostream& Output::stream() { return path_.empty() ? std::cout : text_; }

void Output::commit() const {
  if (path_.empty()) return;
  is_file_ ? write_file_durably(path_, text_.view()) : write_into(path_, text_.view());
}

std::optional<Output> optional_output(const std::string& path) {
  return path.empty() ? std::nullopt : std::optional<Output>(path);
}

}  // namespace limbic::app
