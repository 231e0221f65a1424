#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::worlds {

/// One value of a CSV file and where it begins.
struct CsvCell {
  std::string text;
  int64_t line = 0, column = 0;  // from 1; columns count bytes
};

/// A CSV file in memory: a header and rows of as many cells.
struct Csv {
  std::string path;
  std::vector<CsvCell> header;
  std::vector<std::vector<CsvCell>> rows;

  /// "file:line:column", for messages.
  [[nodiscard]] std::string place(const CsvCell& cell) const;
};

/// How a CSV file departs from RFC 4180.
struct CsvFormat {
  char delimiter = ',';
  int64_t skip_lines = 0;           // before the header
  std::vector<std::string> header;  // not empty: the file has none, these are the names
};

/// Reads RFC 4180: quoted cells hold delimiters, doubled quotes and line breaks. Spaces around
/// cells and blank lines count as nothing, a byte-order mark is skipped.
/// Errors  input: unreadable or empty, a ragged row, a quote that never ends.
Csv read_csv(const std::string& path, const CsvFormat& format = {});

/// A cell as a CSV file holds it: in quotes where it would be read as something else without them.
std::string csv_cell(std::string_view text);

}  // namespace limbic::worlds
