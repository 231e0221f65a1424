#pragma once

#include <optional>
#include <ostream>
#include <sstream>
#include <string>

namespace limbic::app {

/// Where a command's data goes: to stdout at once, or to a path at commit(). There a file is
/// replaced as a whole; a link, pipe or device is written into.
///
/// Errors  limbic::Error at once if a file can't be written beside the path.
class Output {
 public:
  explicit Output(std::string path);  // empty: stdout

  [[nodiscard]] std::ostream& stream();
  void commit() const;

 private:
  std::string path_;
  bool is_file_ = false;  // or will be one
  std::ostringstream text_;
};

/// None where no path is given.
std::optional<Output> optional_output(const std::string& path);

}  // namespace limbic::app
