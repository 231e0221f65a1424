#pragma once

#include <cstdint>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace limbic::worlds {

/// How a CSV file departs from RFC 4180.
struct CsvFormat {
  char delimiter = ',';
  int64_t skip_lines = 0;           // before the header
  std::vector<std::string> header;  // not empty: the file has none, these are the names
  std::string rivals = {};          // delimiters that a lone heading may hold in quotes alone
};

/// One value of a CSV file.
struct CsvCell {
  std::string_view text;  // as long as the Csv is there, wherever it is moved
  uint32_t offset = 0;    // of its first byte in the file, which has at most 1 GiB
};

/// A CSV file in memory: a header and rows of as many cells.
///
/// Cost    the file's bytes and 4 more for each cell, whose end is looked for when it is asked for.
///         A line's number counts all line breaks before it: for messages.
struct Csv {
  std::string path;
  CsvFormat format;
  std::unique_ptr<const std::string> bytes;  // of the file; a move leaves them where they are
  std::unordered_map<uint32_t, std::string> unescaped = {};  // texts with quotes, by their offset
  std::vector<CsvCell> header = {};
  std::vector<uint32_t> offsets = {};  // of cells, row after row

  [[nodiscard]] int64_t num_rows() const { return std::ssize(offsets) / std::ssize(header); }
  [[nodiscard]] CsvCell cell(int64_t row, int64_t column) const;
  /// The cell that begins there.
  [[nodiscard]] CsvCell cell_at(uint32_t offset) const;
  /// From 1.
  [[nodiscard]] int64_t line(const CsvCell& cell) const;
  /// "file:line:column", for messages; columns count bytes.
  [[nodiscard]] std::string place(const CsvCell& cell) const;
};

/// How a file of a world's rows may be written, beside the way of limbic's own (episode_table.h).
struct CsvDialect {
  char delimiter = ',';
  std::vector<std::string> missing = {};  // cells of which nothing is known, as of empty ones
  std::vector<std::string> skipped = {};  // columns that are no variables
};

/// Whether a cell says that nothing is known: an empty one, or one of these.
bool is_missing(std::string_view text, const std::vector<std::string>& missing);

/// Reads RFC 4180: quoted cells hold delimiters, doubled quotes and line breaks. Spaces around
/// cells count as nothing, and so do blank lines, but for the rows of a file of one column: there
/// each is an empty cell. A byte-order mark is skipped.
/// Errors  input: unreadable or empty, a control character, a byte that is not UTF-8, lines that
///         end in CR alone, a ragged row, a quote that never ends, another delimiter in the
///         heading.
Csv read_csv(const std::string& path, const CsvFormat& format = {});

/// Those of some characters that stand in a file's first line outside of quotes, in their order;
/// none of a file that cannot be read.
std::string separators_of_heading(const std::string& path, std::string_view of);

/// What stands between delimiters in such a line, quotes and all; none are in quotes.
std::vector<std::string> pieces_of_heading(const std::string& path, char delimiter);

/// A cell as a CSV file holds it: in quotes where it would be read as something else without them,
/// or would hold a delimiter of other files.
std::string csv_cell(std::string_view text);

}  // namespace limbic::worlds
