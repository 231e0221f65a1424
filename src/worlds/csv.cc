#include "limbic/worlds/csv.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <memory>
#include <string_view>
#include <utility>

#include "limbic/config/yaml_bytes.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/text.h"

namespace limbic::worlds {
namespace {

constexpr size_t kMostBytes = size_t{1} << 30;

// Where the text of a file begins.
size_t first_byte(std::string_view bytes) { return bytes.starts_with("\xEF\xBB\xBF") ? 3 : 0; }

// How many bytes a cell without quotes takes, spaces behind it among them.
size_t plain_size(std::string_view rest, char delimiter) {
  const auto ends = [=](char c) { return c == delimiter || c == '\n'; };
  return static_cast<size_t>(std::ranges::find_if(rest, ends) - rest.begin());
}

/// Walks over a CSV text, cell by cell.
class CsvScanner {
 public:
  explicit CsvScanner(Csv& csv)
      : csv_(csv),
        text_(*csv.bytes),
        delimiter_(csv.format.delimiter),
        position_(first_byte(text_)) {}

  [[nodiscard]] bool at_end() const { return position_ == text_.size(); }
  [[nodiscard]] uint32_t offset() const { return static_cast<uint32_t>(position_); }

  void skip_line() {
    const size_t end = text_.find('\n', position_);
    position_ = end == std::string_view::npos ? text_.size() : end + 1;
  }

  /// Where the cells of one line begin, or of several where quoted cells hold line breaks; until
  /// the next call.
  const std::vector<uint32_t>& row() {
    offsets_.clear();
    do {
      skip_spaces();
      offsets_.push_back(offset());
      !at_end() && peek() == '"' ? skip_quoted() : skip_plain();
    } while (take_delimiter());
    if (!at_end() && peek() == '\r') ++position_;
    if (!at_end() && peek() == '\n') ++position_;
    return offsets_;
  }

 private:
  [[nodiscard]] char peek() const { return text_[position_]; }
  [[nodiscard]] bool ends_line() const {
    return at_end() || peek() == '\n' || (peek() == '\r' && text_.substr(position_, 2) == "\r\n");
  }

  void skip_spaces() {
    while (!at_end() && (peek() == ' ' || peek() == '\t') && peek() != delimiter_) ++position_;
  }

  bool take_delimiter() {
    if (at_end() || peek() != delimiter_) return false;
    ++position_;
    return true;
  }

  void skip_plain() { position_ += plain_size(text_.substr(position_), delimiter_); }

  void skip_quoted() {
    const CsvCell cell{{}, offset()};
    std::string text;  // of what is doubled one
    size_t quote = position_;
    while (true) {
      const size_t start = quote + 1;
      quote = text_.find('"', start);
      if (quote == std::string_view::npos)
        throw input_error(csv_.place(cell), ": this quote never ends");
      const bool is_doubled = text_.substr(quote, 2) == "\"\"";
      if (is_doubled) ++quote;
      if (is_doubled || !text.empty()) text += text_.substr(start, quote - start);
      if (!is_doubled) break;
    }
    position_ = quote + 1;
    skip_spaces();
    if (!ends_line() && peek() != delimiter_)
      throw input_error(csv_.place(cell), ": something follows the closing quote of this cell");
    if (!text.empty()) csv_.unescaped.emplace(cell.offset, std::move(text));
  }

  Csv& csv_;
  std::string_view text_;
  char delimiter_;
  size_t position_;
  std::vector<uint32_t> offsets_;
};

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
void refuse_rivals(const Csv& csv, std::string_view heading) {
  const std::string rivals = separators_in(heading, csv.format.rivals);
  if (csv.header.size() != 1 || rivals.empty()) return;
  const std::string rival = as_yaml(rivals.front());
  throw input_error(csv.path, ":", csv.line(csv.header.front()), ": no ",
                    as_yaml(csv.format.delimiter), " in the heading, but ", rival,
                    ": say `delimiter: ", rival, "`, or put a name that holds it in quotes");
}

[[noreturn]] void refuse_ragged(const Csv& csv, const std::vector<uint32_t>& row) {
  throw input_error(csv.path, ":", csv.line(csv.cell_at(row.front())), ": expected ",
                    counted(std::ssize(csv.header), "cell"),
                    csv.format.header.empty()
                        ? concat(", as many as line ", csv.line(csv.header.front()), " names")
                        : ", as many as `header` names",
                    ", got ", row.size());
}

void refuse_what_is_no_text(const std::string& path, std::string_view bytes) {
  if (const auto bad = config::first_bad_byte(bytes))
    throw input_error(path, ":", bad->line, ":", bad->column, ": ", bad->message);
  if (bytes.find('\r') != std::string_view::npos && bytes.find('\n') == std::string_view::npos)
    throw input_error(path, ": its lines end in CR alone; let them end in LF or CR LF");
}

}  // namespace

CsvCell Csv::cell(int64_t row, int64_t column) const {
  return cell_at(offsets[row * std::ssize(header) + column]);
}

CsvCell Csv::cell_at(uint32_t offset) const {
  const std::string_view rest = std::string_view(*bytes).substr(offset);
  if (rest.starts_with('"')) {
    const auto found = unescaped.find(offset);
    if (found != unescaped.end()) return {found->second, offset};
    return {rest.substr(1, rest.find('"', 1) - 1), offset};
  }
  const std::string_view text = rest.substr(0, plain_size(rest, format.delimiter));
  return {text.substr(0, text.find_last_not_of(" \t\r") + 1), offset};
}

int64_t Csv::line(const CsvCell& cell) const {
  return 1 + std::count(bytes->begin(), bytes->begin() + cell.offset, '\n');
}

std::string Csv::place(const CsvCell& cell) const {
  const std::string_view before = std::string_view(*bytes).substr(0, cell.offset);
  const size_t line_break = before.rfind('\n');
  const bool is_first = line_break == std::string_view::npos;
  const size_t line_start = is_first ? first_byte(*bytes) : line_break + 1;
  return concat(path, ":", line(cell), ":", cell.offset - line_start + 1);
}

bool is_missing(std::string_view text, const std::vector<std::string>& missing) {
  return text.empty() || std::ranges::find(missing, text) != missing.end();
}

Csv read_csv(const std::string& path, const CsvFormat& format) {
  Csv csv{.path = path,
          .format = format,
          .bytes = std::make_unique<const std::string>(read_file(path, kMostBytes))};
  const std::string_view text = *csv.bytes;
  refuse_what_is_no_text(path, text);
  CsvScanner scanner(csv);
  for (const std::string& name : csv.format.header) csv.header.push_back({name, scanner.offset()});
  for (int64_t i = 0; i < format.skip_lines; ++i) scanner.skip_line();
  while (!scanner.at_end()) {
    const size_t begin = scanner.offset(), expected = csv.header.size();
    const std::vector<uint32_t>& row = scanner.row();
    const bool is_blank = row.size() == 1 && csv.cell_at(row.front()).text.empty();
    if (is_blank && expected != 1) continue;
    if (expected == 0) {
      for (const uint32_t offset : row) csv.header.push_back(csv.cell_at(offset));
      refuse_rivals(csv, text.substr(begin, scanner.offset() - begin));
    } else if (row.size() != expected) {
      refuse_ragged(csv, row);
    } else {
      csv.offsets.insert(csv.offsets.end(), row.begin(), row.end());
    }
  }
  if (csv.header.empty()) throw input_error(path, ": this file is empty");
  if (csv.offsets.empty()) throw input_error(path, ": this file has a header but no rows");
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
