#include "limbic/worlds/csv.h"

#include <algorithm>
#include <fstream>
#include <string_view>
#include <utility>

#include "limbic/config/yaml_bytes.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/text.h"

namespace limbic::worlds {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;

/// Walks over a CSV text, cell by cell.
class CsvScanner {
 public:
  CsvScanner(const std::string& path, std::string_view text, char delimiter)
      : path_(path), text_(text), delimiter_(delimiter) {
    if (text_.starts_with("\xEF\xBB\xBF")) position_ = line_start_ = 3;
  }

  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] size_t position() const { return position_; }

  void skip_line() {
    while (!at_end() && peek() != '\n') ++position_;
    if (!at_end()) next_line();
  }

  /// The cells of one line, or of several where quoted cells hold line breaks; as many as expected,
  /// if all is well.
  std::vector<CsvCell> row(size_t expected) {
    std::vector<CsvCell> cells;
    cells.reserve(expected);
    do {
      skip_spaces();
      cells.push_back({.text = {}, .line = line_, .column = column()});
      cells.back().text = !at_end() && peek() == '"' ? quoted_cell() : plain_cell();
    } while (take_delimiter());
    if (!at_end() && peek() == '\r') ++position_;
    if (!at_end() && peek() == '\n') next_line();
    return cells;
  }

 private:
  [[nodiscard]] char peek() const { return text_[position_]; }
  [[nodiscard]] int64_t column() const { return static_cast<int64_t>(position_ - line_start_) + 1; }
  [[nodiscard]] bool ends_line() const {
    return at_end() || peek() == '\n' || (peek() == '\r' && text_.substr(position_, 2) == "\r\n");
  }

  void next_line() {
    line_start_ = ++position_;
    ++line_;
  }

  void skip_spaces() {
    while (!at_end() && (peek() == ' ' || peek() == '\t') && peek() != delimiter_) ++position_;
  }

  bool take_delimiter() {
    if (at_end() || peek() != delimiter_) return false;
    ++position_;
    return true;
  }

  std::string plain_cell() {
    const size_t start = position_;
    while (!ends_line() && peek() != delimiter_) ++position_;
    std::string_view cell = text_.substr(start, position_ - start);
    const size_t last = cell.find_last_not_of(" \t\r");
    return std::string(cell.substr(0, last + 1));
  }

  std::string quoted_cell() {
    const std::string place = concat(path_, ":", line_, ":", column());
    std::string cell;
    for (++position_; !at_end(); ++position_) {
      if (peek() == '"' && text_.substr(position_, 2) != "\"\"") {
        ++position_;
        end_of_quoted(place);
        return cell;
      }
      if (peek() == '"') ++position_;
      cell += peek();
      if (peek() == '\n') {
        ++line_;
        line_start_ = position_ + 1;
      }
    }
    throw input_error(place, ": this quote never ends");
  }

  void end_of_quoted(const std::string& place) {
    skip_spaces();
    if (ends_line() || peek() == delimiter_) return;
    throw input_error(place, ": something follows the closing quote of this cell");
  }

  const std::string& path_;
  std::string_view text_;
  char delimiter_;
  size_t position_ = 0, line_start_ = 0;
  int64_t line_ = 1;
};

bool is_blank(const std::vector<CsvCell>& row) { return row.size() == 1 && row[0].text.empty(); }

// Those of some characters that stand in a line outside of quotes, in their order.
std::string separators_in(std::string_view line, std::string_view of) {
  std::string plain, found;
  bool is_quoted = false;
  for (const char c : line) {
    if (c == '"') is_quoted = !is_quoted;
    if (!is_quoted) plain += c;
  }
  for (const char c : of)
    if (plain.find(c) != std::string::npos) found += c;
  return found;
}

std::string first_line(const std::string& path) {
  std::ifstream file(path);
  std::string line;
  std::getline(file, line);
  if (line.ends_with('\r')) line.pop_back();
  return line;
}

std::string as_yaml(char delimiter) {
  return delimiter == '\t' ? "\"\\t\"" : concat("'", delimiter, "'");
}

// One column whose heading holds another delimiter was meant to be several.
void refuse_rivals(const Csv& csv, std::string_view heading, const CsvFormat& format) {
  const std::string rivals = separators_in(heading, format.rivals);
  if (csv.header.size() != 1 || rivals.empty()) return;
  const std::string rival = as_yaml(rivals.front());
  throw input_error(csv.path, ":", csv.header.front().line, ": no ", as_yaml(format.delimiter),
                    " in the heading, but ", rival, ": say `delimiter: ", rival,
                    "`, or put a name that holds it in quotes");
}

}  // namespace

std::string Csv::place(const CsvCell& cell) const {
  return concat(path, ":", cell.line, ":", cell.column);
}

bool is_missing(std::string_view text, const std::vector<std::string>& missing) {
  return text.empty() || std::ranges::find(missing, text) != missing.end();
}

Csv read_csv(const std::string& path, const CsvFormat& format) {
  const std::string text = read_file(path, kMostBytes);
  if (const auto bad = config::first_bad_byte(text))
    throw input_error(path, ":", bad->line, ":", bad->column, ": ", bad->message);
  if (text.find('\r') != std::string::npos && text.find('\n') == std::string::npos)
    throw input_error(path, ": its lines end in CR alone; let them end in LF or CR LF");
  CsvScanner scanner(path, text, format.delimiter);
  Csv csv{.path = path, .header = {}, .rows = {}};
  for (int64_t i = 0; i < format.skip_lines; ++i) scanner.skip_line();
  for (const std::string& name : format.header) csv.header.push_back({name, 1, 1});
  while (!scanner.at_end()) {
    const size_t begin = scanner.position(), expected = csv.header.size();
    std::vector<CsvCell> row = scanner.row(expected);
    if (is_blank(row) && expected != 1) continue;
    if (expected == 0) {
      csv.header = std::move(row);
      refuse_rivals(csv, std::string_view(text).substr(begin, scanner.position() - begin), format);
    } else if (row.size() != expected) {
      throw input_error(
          path, ":", row[0].line, ": expected ", counted(std::ssize(csv.header), "cell"),
          format.header.empty() ? concat(", as many as line ", csv.header.front().line, " names")
                                : ", as many as `header` names",
          ", got ", row.size());
    } else {
      csv.rows.push_back(std::move(row));
    }
  }
  if (csv.header.empty()) throw input_error(path, ": this file is empty");
  if (csv.rows.empty()) throw input_error(path, ": this file has a header but no rows");
  return csv;
}

std::string separators_of_heading(const std::string& path, std::string_view of) {
  return separators_in(first_line(path), of);
}

std::vector<std::string> pieces_of_heading(const std::string& path, char delimiter) {
  std::vector<std::string> pieces(1);
  bool is_quoted = false;
  for (const char c : first_line(path)) {
    if (c == '"') is_quoted = !is_quoted;
    if (c == delimiter && !is_quoted) {
      pieces.emplace_back();
    } else {
      pieces.back() += c;
    }
  }
  return pieces;
}

std::string csv_cell(std::string_view text) {
  const bool is_plain = text.find_first_of(",;|\t\"\r\n") == std::string_view::npos &&
                        !text.starts_with(' ') && !text.ends_with(' ');
  if (is_plain) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) quoted += c == '"' ? "\"\"" : std::string(1, c);
  return quoted + '"';
}

}  // namespace limbic::worlds
