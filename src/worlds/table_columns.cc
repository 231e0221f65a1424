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

ColumnKind kind_named(std::string_view word, const std::string& place) {
  std::vector<std::string_view> known;
  for (const auto& [name, kind] : enum_names(ColumnKind{})) {
    if (name == word) return kind;
    known.emplace_back(name);
  }
  throw input_error(place, ": unknown kind ", quoted(word), did_you_mean(word, known));
}

// `age:scalar` is the column 'age', of kind scalar; `C:N` is one of that name if the config says
// so.
Heading heading_of(const Csv& csv, size_t index, const TableConfig& config) {
  const CsvCell& cell = csv.header[index];
  const bool is_name = config.columns.find(cell.text) != nullptr;
  const size_t colon = is_name ? std::string::npos : cell.text.rfind(':');
  Heading heading{.name = cell.text.substr(0, colon), .config = {}, .mark = {}, .index = index};
  if (heading.name.empty()) throw input_error(csv.place(cell), ": this column has no name");
  for (const auto& given : config.columns) {
    if (given.key != heading.name) continue;
    heading.config = given.value;
    heading.mark = given.mark;
  }
  if (colon != std::string::npos) {
    const ColumnKind kind = kind_named(cell.text.substr(colon + 1), csv.place(cell));
    if (heading.config.kind == ColumnKind::kInfer) heading.config.kind = kind;
  }
  return heading;
}

std::vector<Heading> headings_of(const Csv& csv, const TableConfig& config) {
  std::vector<Heading> headings;
  std::set<std::string> names;
  for (size_t i = 0; i < csv.header.size(); ++i) {
    headings.push_back(heading_of(csv, i, config));
    if (!names.insert(headings.back().name).second) {
      throw input_error(csv.place(csv.header[i]), ": a second column is called ",
                        quoted(headings.back().name));
    }
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
  [[nodiscard]] bool present(size_t row) const {
    return std::ranges::find(missing_, (*this)[row].text) == missing_.end();
  }
  [[nodiscard]] std::string place(size_t row) const { return csv_.place((*this)[row]); }
  [[nodiscard]] bool are_numbers() const {
    for (size_t row = 0; row < size(); ++row) {
      if (present(row) && !number_in((*this)[row].text)) return false;
    }
    return true;
  }

 private:
  const Csv& csv_;
  size_t index_;
  const std::vector<std::string>& missing_;
};

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

bool comes_before(const std::string& a, const std::string& b) {
  const auto x = number_in(a), y = number_in(b);
  if (x && y && *x != *y) return *x < *y;
  return x.has_value() != y.has_value() ? x.has_value() : a < b;
}

std::vector<std::string> names_found(const Cells& cells, const std::string& name) {
  std::set<std::string> found;
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    found.insert(cells[row].text);
    if (std::ssize(found) > kMostCategories) {
      throw input_error(cells.place(row), ": column ", quoted(name), " has more than ",
                        kMostCategories, " categories; is it a name or a number? (kind: skip)");
    }
  }
  std::vector<std::string> names(found.begin(), found.end());
  std::ranges::sort(names, comes_before);
  if (names.empty()) names.emplace_back("?");  // nothing is known of this column
  return names;
}

void read_categories(const Cells& cells, TableColumn& column) {
  Variable& variable = column.variable;
  if (variable.names.empty()) variable.names = names_found(cells, variable.name);
  variable.size = std::ssize(variable.names);
  std::map<std::string_view, int64_t> index;
  for (const std::string& name : variable.names) index.emplace(name, std::ssize(index));
  for (size_t row = 0; row < cells.size(); ++row) {
    if (!cells.present(row)) continue;
    const auto found = index.find(cells[row].text);
    if (found == index.end()) {
      const std::vector<std::string_view> known(variable.names.begin(), variable.names.end());
      throw input_error(cells.place(row), ": unknown category ", quoted(cells[row].text),
                        " in column ", quoted(variable.name), did_you_mean(cells[row].text, known));
    }
    column.value[row] = static_cast<double>(found->second);
    column.present[row] = true;
  }
}

// Of a column that is a scalar or a category: what the config says of it that only the other has.
void refuse_of_other_kind(const Heading& heading, bool is_scalar) {
  const ColumnConfig& config = heading.config;
  config::Problems problems;
  const auto refuse = [&](const char* why) {
    problems.add(heading.mark, concat("column ", quoted(heading.name), why));
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
  const bool is_scalar = heading.config.kind == ColumnKind::kInfer
                             ? heading.config.names.empty() && cells.are_numbers()
                             : heading.config.kind == ColumnKind::kScalar;
  refuse_of_other_kind(heading, is_scalar);
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
  is_scalar ? read_scalars(cells, column) : read_categories(cells, column);
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
