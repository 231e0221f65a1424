#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace limbic::config {

/// Where something was written. A mark without a file belongs to no text.
struct Mark {
  std::shared_ptr<const std::string> file;
  int line = 0;  // from 1; 0 where a file has no lines, as `<command line>`
  int column = 0;
  // What stands in the file; of `<command line>`, the assignment.
  std::shared_ptr<const std::string> source = nullptr;

  /// "file:line:column", or "<command line>", or "".
  [[nodiscard]] std::string text() const;
  /// Of a scalar whose value this is: where its character `offset` was written, which may be behind
  /// a quote or, where YAML folded lines into one, lines below.
  [[nodiscard]] Mark of_character(std::string_view value, size_t offset) const;
};

}  // namespace limbic::config
