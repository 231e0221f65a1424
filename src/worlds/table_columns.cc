#include "limbic/worlds/table_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "limbic/config/problems.h"
#include "limbic/core/error.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/text.h"

namespace limbic::worlds {
namespace {

/// One column before its cells are read.
struct Heading {
  std::string name;
  ColumnConfig config;
  config::Mark mark;  // of what the config says of it
  size_t index = 0;
};

// Refuses a column's name where it stands: in the config's `header`, else in the file.
[[noreturn]] void refuse_heading(const Csv& csv, size_t index, const TableConfig& config,
                                 const std::string& why) {
  config::Problems problems;
  if (index < config.header.size()) problems.add(config.header[index].mark, why);
  problems.raise();
  throw input_error(csv.place(csv.header[index]), ": ", why);
}

// What a config says for a heading to be a name as it stands.
std::string as_name(const std::string& heading) {
  const config::Entry entry{heading, {}, config::Node::map({})};
  const config::Node columns = config::Node::map(std::vector<config::Entry>{entry});
  return concat("`columns: ", config::to_flow_yaml(columns), "`");
}

// A first line of numbers is a row, unless the config says that one of them is a name.
void refuse_data(const Csv& csv, const TableConfig& config) {
  const auto is_number = [](const CsvCell& cell) { return number_in(cell.text).has_value(); };
  const auto is_data = [&](const CsvCell& cell) {
    return cell.text.empty() || (is_number(cell) && config.columns.find(cell.text) == nullptr);
  };
  const auto number = std::ranges::find_if(csv.header, is_number);
  if (!config.header.empty() || number == csv.header.end() ||
      !std::ranges::all_of(csv.header, is_data))
    return;
  throw input_error(csv.place(csv.header.front()),
                    ": the first line looks like data: give the names by `header: [...]`, or say ",
                    as_name(number->text), " where they are these numbers");
}

ColumnKind kind_of(const Csv& csv, size_t index, const TableConfig& config, std::string_view word) {
  if (const auto kind = value_named<ColumnKind>(word)) return *kind;
  const std::vector<std::string_view> known = names_of<ColumnKind>();
  const std::string cure =
      concat("; a name with a colon is said by ", as_name(csv.header[index].text));
  refuse_heading(csv, index, config,
                 concat("unknown kind ", quoted(word), did_you_mean(word, known),
                        nearest_word(word, known) ? "" : cure));
}

// `age:scalar` is the column 'age', of kind scalar; `C:N` is one of that name if the config says
// so.
Heading heading_of(const Csv& csv, size_t index, const TableConfig& config) {
  const CsvCell& cell = csv.header[index];
  const bool is_name = config.columns.find(cell.text) != nullptr;
  const size_t colon = is_name ? std::string::npos : cell.text.rfind(':');
  Heading heading{.name = cell.text.substr(0, colon), .config = {}, .mark = {}, .index = index};
  if (heading.name.empty()) refuse_heading(csv, index, config, "this column has no name");
  for (const auto& given : config.columns) {
    if (given.key != heading.name) continue;
    heading.config = given.value;
    heading.mark = given.mark;
  }
  if (colon != std::string::npos) {
    const ColumnKind kind = kind_of(csv, index, config, cell.text.substr(colon + 1));
    if (heading.config.kind == ColumnKind::kInfer) heading.config.kind = kind;
  }
  return heading;
}

std::vector<Heading> headings_of(const Csv& csv, const TableConfig& config) {
  refuse_data(csv, config);
  std::vector<Heading> headings;
  std::set<std::string> names;
  for (size_t i = 0; i < csv.header.size(); ++i) {
    if (csv.header[i].text.empty()) continue;
    headings.push_back(heading_of(csv, i, config));
    const std::string& name = headings.back().name;
    if (!names.insert(name).second)
      refuse_heading(csv, i, config, concat("a second column is called ", quoted(name)));
  }
  config::Problems problems;
  for (const auto& entry : config.columns) {
    if (names.contains(entry.key)) continue;
    const std::vector<std::string_view> known(names.begin(), names.end());
    problems.add(entry.mark, concat("no column of ", csv.path, " is called ", quoted(entry.key),
                                    did_you_mean(entry.key, known)));
  }
  problems.raise();
  return headings;
}

/// The cells of one column that are not missing.
class Cells {
 public:
  Cells(const Csv& csv, size_t index, const std::vector<std::string>& missing)
      : csv_(csv), index_(index), missing_(missing) {}

  [[nodiscard]] const CsvCell& operator[](size_t row) const { return csv_.rows[row][index_]; }
  [[nodiscard]] size_t size() const { return csv_.rows.size(); }
  [[nodiscard]] bool present(size_t row) const { return !is_missing((*this)[row].text, missing_); }
  [[nodiscard]] std::string place(size_t row) const { return csv_.place((*this)[row]); }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  const Csv& csv_;
  size_t index_;
  const std::vector<std::string>& missing_;
};

/// What the cells of a column are, where nobody says it.
struct Contents {
  int64_t num_numbers = 0, num_words = 0;
  bool begins_with_number = false;
  size_t first_word = 0;  // row of the first cell that is no number, if there is one

  [[nodiscard]] bool are_numbers() const { return num_words == 0; }
  [[nodiscard]] bool are_mostly_numbers() const { return num_numbers > num_words; }
  /// A category that looks as if it had been meant as a scalar.
  [[nodiscard]] bool look_like_numbers() const {
    return num_words > 0 && (begins_with_number || are_mostly_numbers());
  }
};

Contents contents_of(const Cells& cells) {
  Contents contents;
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    if (number_in(cells[row].text)) {
      contents.begins_with_number |= contents.num_words == 0;
      ++contents.num_numbers;
    } else if (contents.num_words++ == 0) {
      contents.first_word = row;
    }
  }
  return contents;
}

// Of a cell that is no number among some that are: what is wrong with it, and what may mend it.
std::string no_number(const Cells& cells, size_t row) {
  constexpr size_t kLongestMark = 24;  // whatever is longer means more than that nothing is known
  const std::string& text = cells[row].text;
  if (text.size() > kLongestMark) return concat(quoted(text), " is no number");
  std::vector<std::string> missing = cells.missing();
  missing.push_back(text);
  return concat(quoted(text), " is no number; where it means that nothing is known, say `missing: ",
                config::to_flow_yaml(config::dump(missing)), "`");
}

void read_scalars(const Cells& cells, TableColumn& column) {
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    const std::optional<double> value = number_in(cells[row].text);
    if (!value) {
      throw input_error(cells.place(row), ": expected a number in column ",
                        quoted(column.variable.name), ", got ", quoted(cells[row].text));
    }
    const auto number = static_cast<float>(*value);  // as episodes hold it
    if (!std::isfinite(number)) {
      ++column.num_non_finite;
      continue;
    }
    if (!admits(column.variable, number)) {
      const bool is_log = column.variable.transform.kind == TransformKind::kLog;
      throw input_error(cells.place(row), ": column ", quoted(column.variable.name),
                        is_log ? " has the transform log" : " has bounds", ": expected a number",
                        range_in_words(column.variable), ", got ", quoted(cells[row].text),
                        *value > 0 && number == 0 ? ", which is 0 in float32" : "");
    }
    column.value[row] = number;
    column.present[row] = true;
    column.rounding = std::max(column.rounding, std::abs(*value - column.value[row]));
  }
}

// Numbers by their size, then words, nan and inf among them.
bool comes_before(const std::string& a, const std::string& b) {
  const auto finite = [](const std::string& text) -> std::optional<double> {
    const auto number = number_in(text);
    if (!number || !std::isfinite(*number)) return std::nullopt;
    return number;
  };
  const auto x = finite(a), y = finite(b);
  if (x && y && *x != *y) return *x < *y;
  return x.has_value() != y.has_value() ? x.has_value() : a < b;
}

[[noreturn]] void refuse_so_many(const Cells& cells, size_t row, const std::string& name,
                                 const Contents& contents) {
  const std::string what =
      concat(": column ", quoted(name), " has more than ", kMostCategories, " categories");
  if (!contents.are_mostly_numbers())
    throw input_error(cells.place(row), what, "; is it a name or a number? (kind: skip)");
  throw input_error(cells.place(contents.first_word), what, ", since ",
                    no_number(cells, contents.first_word));
}

std::vector<std::string> names_found(const Cells& cells, const std::string& name,
                                     const Contents& contents) {
  std::set<std::string> found;
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    found.insert(cells[row].text);
    if (std::ssize(found) > kMostCategories) refuse_so_many(cells, row, name, contents);
  }
  std::vector<std::string> names(found.begin(), found.end());
  std::ranges::sort(names, comes_before);
  return names;
}

void read_categories(const Cells& cells, const Contents& contents, TableColumn& column) {
  Variable& variable = column.variable;
  if (variable.names.empty()) variable.names = names_found(cells, variable.name, contents);
  variable.size = std::ssize(variable.names);
  std::map<std::string_view, int64_t> index;
  for (const std::string& name : variable.names) index.emplace(name, std::ssize(index));
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    const auto found = index.find(cells[row].text);
    if (found == index.end())
      throw input_error(cells.place(row), ": unknown category ", quoted(cells[row].text),
                        " in column ", quoted(variable.name),
                        did_you_mean(cells[row].text, variable.names));
    column.value[row] = static_cast<double>(found->second);
    column.present[row] = true;
  }
}

// Of a column that is a scalar or a category: what the config says of it that only the other has.
void refuse_of_other_kind(const Heading& heading, bool is_scalar, const Cells& cells,
                          const Contents& contents) {
  const ColumnConfig& config = heading.config;
  config::Problems problems;
  const auto refuse = [&](const char* what) {
    std::string why;
    if (contents.look_like_numbers())
      why = concat(": at ", cells.place(contents.first_word), " ",
                   no_number(cells, contents.first_word));
    problems.add(heading.mark, concat("column ", quoted(heading.name), what, why));
  };
  if (is_scalar && !config.names.empty()) refuse(" is a scalar, so it has no names");
  if (!is_scalar && config.transform && *config.transform != TransformKind::kNone)
    refuse(" is a category, so it has no transform");
  if (!is_scalar && config.is_bounded()) refuse(" is a category, so it has no low and no high");
  problems.raise();
}

// A bounded column takes no part in the table's transform.
TransformKind transform_of(const Heading& heading, TransformKind usual) {
  const ColumnConfig& config = heading.config;
  return config.transform.value_or(config.is_bounded() ? TransformKind::kNone : usual);
}

TableColumn read_column(const Heading& heading, const Cells& cells, TransformKind usual) {
  const bool is_inferred =
      heading.config.kind == ColumnKind::kInfer && heading.config.names.empty();
  const Contents contents = is_inferred ? contents_of(cells) : Contents{};
  const bool is_scalar =
      is_inferred ? contents.are_numbers() : heading.config.kind == ColumnKind::kScalar;
  refuse_of_other_kind(heading, is_scalar, cells, contents);
  const TransformKind transform = is_scalar ? transform_of(heading, usual) : TransformKind::kNone;
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string& modality = heading.config.modality;
  TableColumn column{.variable = {.name = heading.name,
                                  .kind = is_scalar ? Kind::kScalar : Kind::kCategory,
                                  .modality = modality.empty() ? heading.name : modality,
                                  .access = heading.config.access,
                                  .low = heading.config.low.value_or(-kInfinity),
                                  .high = heading.config.high.value_or(kInfinity),
                                  .transform = {.kind = transform},
                                  .names = heading.config.names},
                     .value = std::vector<double>(cells.size()),
                     .present = std::vector<bool>(cells.size())};
  is_scalar ? read_scalars(cells, column) : read_categories(cells, contents, column);
  if (!is_scalar && contents.are_mostly_numbers()) {
    const CsvCell& word = cells[contents.first_word];
    column.word = concat("line ", word.line, " says ", quoted(word.text));
  }
  return column;
}

}  // namespace

std::vector<TableColumn> read_columns(const Csv& csv, const TableConfig& config) {
  std::vector<TableColumn> columns;
  for (const Heading& heading : headings_of(csv, config)) {
    if (heading.config.kind == ColumnKind::kSkip) continue;
    columns.push_back(
        read_column(heading, Cells(csv, heading.index, config.missing), config.transform));
  }
  if (columns.empty()) throw input_error(csv.path, ": every column is skipped");
  const auto is_seen = [](const TableColumn& c) { return c.variable.access == Access::kCortex; };
  if (std::ranges::none_of(columns, is_seen)) {
    throw input_error(csv.path, ": the cortex may see no column");
  }
  return columns;
}

}  // namespace limbic::worlds
