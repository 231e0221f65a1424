#pragma once

#include <optional>
#include <ostream>
#include <sstream>
#include <string>
#include <vector>

#include "limbic/worlds/episode_table.h"

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

/// The first line of a CSV: of a table with further columns before and behind it.
///
/// Errors  limbic::Error (input): two columns of one name.
std::string csv_heading(const std::vector<std::string>& before, const worlds::EpisodeTable& table,
                        const std::vector<std::string>& behind = {});

}  // namespace limbic::app
