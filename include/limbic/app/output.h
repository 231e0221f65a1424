#pragma once

#include <ostream>
#include <sstream>
#include <string>

namespace limbic::app {

/// Where a command's data goes: to stdout at once, or into a file that is written as a whole by
/// commit().
///
/// Errors  limbic::Error at once if the file can't be written.
class Output {
 public:
  explicit Output(std::string path);  // empty: stdout

  [[nodiscard]] std::ostream& stream();
  void commit() const;

 private:
  std::string path_;
  std::ostringstream text_;
};

}  // namespace limbic::app
