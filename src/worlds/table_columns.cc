#include "limbic/worlds/table_columns.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <set>
#include <string_view>
#include <unordered_map>
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
std::string as_name(std::string_view heading) {
  const config::Entry entry{std::string(heading), {}, config::Node::map({})};
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
  const size_t colon = is_name ? std::string_view::npos : cell.text.rfind(':');
  Heading heading{
      .name = std::string(cell.text.substr(0, colon)), .config = {}, .mark = {}, .index = index};
  if (heading.name.empty()) refuse_heading(csv, index, config, "this column has no name");
  for (const auto& given : config.columns) {
    if (given.key != heading.name) continue;
    heading.config = given.value;
    heading.mark = given.mark;
  }
  if (colon != std::string_view::npos) {
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

/// The cells of one column.
class Cells {
 public:
  Cells(const Csv& csv, size_t index, const std::vector<std::string>& missing)
      : csv_(csv), index_(index), size_(csv.num_rows()), missing_(missing) {}

  [[nodiscard]] std::string_view operator[](size_t row) const { return cell(row).text; }
  [[nodiscard]] size_t size() const { return size_; }
  [[nodiscard]] bool present(std::string_view text) const { return !is_missing(text, missing_); }
  [[nodiscard]] std::string place(size_t row) const { return csv_.place(cell(row)); }
  [[nodiscard]] int64_t line(size_t row) const { return csv_.line(cell(row)); }
  [[nodiscard]] const std::vector<std::string>& missing() const { return missing_; }

 private:
  [[nodiscard]] CsvCell cell(size_t row) const { return csv_.cell(row, index_); }

  const Csv& csv_;
  size_t index_, size_;
  const std::vector<std::string>& missing_;
};

/// What the cells of a column are, where nobody says it.
struct Contents {
  int64_t num_numbers = 0, num_words = 0;
  bool begins_with_number = false;
  size_t first_word = 0;  // row of the first cell that is no number, if there is one

  void add(size_t row, bool is_number) {
    if (is_number) {
      begins_with_number |= num_words == 0;
      ++num_numbers;
    } else if (num_words++ == 0) {
      first_word = row;
    }
  }
  [[nodiscard]] bool are_numbers() const { return num_words == 0; }
  [[nodiscard]] bool are_mostly_numbers() const { return num_numbers > num_words; }
  /// A category that looks as if it had been meant as a scalar.
  [[nodiscard]] bool look_like_numbers() const {
    return num_words > 0 && (begins_with_number || are_mostly_numbers());
  }
};

// Of a cell that is no number among some that are: what is wrong with it, and what may mend it.
std::string no_number(const Cells& cells, size_t row) {
  constexpr size_t kLongestMark = 24;  // whatever is longer means more than that nothing is known
  const std::string_view text = cells[row];
  if (text.size() > kLongestMark) return concat(quoted(text), " is no number");
  std::vector<std::string> missing = cells.missing();
  missing.emplace_back(text);
  return concat(quoted(text), " is no number; where it means that nothing is known, say `missing: ",
                config::to_flow_yaml(config::dump(missing)), "`");
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

// Nothing read yet, and a scalar.
TableColumn blank_column(const Heading& heading, int64_t num_rows, TransformKind usual) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  const std::string& modality = heading.config.modality;
  return {.variable = {.name = heading.name,
                       .kind = Kind::kScalar,
                       .modality = modality.empty() ? heading.name : modality,
                       .access = heading.config.access,
                       .low = heading.config.low.value_or(-kInfinity),
                       .high = heading.config.high.value_or(kInfinity),
                       .transform = {.kind = transform_of(heading, usual)},
                       .names = heading.config.names},
          .value = std::vector<float>(num_rows),
          .present = std::vector<bool>(num_rows)};
}

/// Reads one column cell by cell: as numbers if it may be a scalar, then as words if it is a
/// category. What is wrong with it is said at the end, so that of several columns the first speaks.
class ColumnReader {
 public:
  ColumnReader(const Csv& csv, const Heading& heading, const TableConfig& config)
      : heading_(heading),
        cells_(csv, heading.index, config.missing),
        column_(blank_column(heading, csv.num_rows(), config.transform)) {}

  [[nodiscard]] bool may_be_scalar() const { return is_inferred() || is_said_to_be_scalar(); }
  /// Once all numbers are read.
  [[nodiscard]] bool is_scalar() const {
    return is_inferred() ? contents_.are_numbers() : is_said_to_be_scalar();
  }

  void read_number(size_t row) {
    const std::string_view text = cells_[row];
    if (!cells_.present(text)) return;
    const std::optional<double> value = number_in(text);
    contents_.add(row, value.has_value());
    if (!value) return;
    const auto number = static_cast<float>(*value);  // as episodes hold it
    if (!std::isfinite(number)) {
      ++column_.num_non_finite;
    } else if (admits(column_.variable, number)) {
      keep(row, number);
      column_.rounding = std::max(column_.rounding, std::abs(*value - double{number}));
    } else if (!refused_) {
      refused_ = row;
    }
  }

  void begin_words() {
    Variable& variable = column_.variable;
    variable.kind = Kind::kCategory;
    variable.transform = {};
    for (const std::string& name : variable.names) index_.emplace(name, std::ssize(index_));
    column_.num_non_finite = 0;
    column_.rounding = 0;
    refused_.reset();
  }
  /// Of names that nobody gives, the index among those found so far.
  void read_word(size_t row) {
    const std::string_view text = cells_[row];
    if (refused_ || !cells_.present(text)) return;
    const auto found =
        is_named() ? index_.find(text) : index_.try_emplace(text, std::ssize(index_)).first;
    if (found == index_.end() || std::ssize(index_) > kMostCategories) {
      refused_ = row;
    } else {
      keep(row, static_cast<float>(found->second));
    }
  }

  TableColumn column() {
    const Contents contents = is_inferred() ? contents_ : Contents{};
    refuse_of_other_kind(heading_, is_scalar(), cells_, contents);
    if (is_scalar()) {
      refuse_no_scalars();
      return std::move(column_);
    }
    refuse_no_categories(contents);
    if (!is_named()) sort_names();
    column_.variable.size = std::ssize(column_.variable.names);
    if (contents.are_mostly_numbers()) {
      const size_t row = contents.first_word;
      column_.word = concat("line ", cells_.line(row), " says ", quoted(cells_[row]));
    }
    return std::move(column_);
  }

 private:
  [[nodiscard]] bool is_named() const { return !heading_.config.names.empty(); }
  [[nodiscard]] bool is_inferred() const {
    return heading_.config.kind == ColumnKind::kInfer && !is_named();
  }
  [[nodiscard]] bool is_said_to_be_scalar() const {
    return heading_.config.kind == ColumnKind::kScalar;
  }

  void keep(size_t row, float value) {
    column_.value[row] = value;
    column_.present[row] = true;
  }

  void refuse_no_scalars() const {
    const Variable& variable = column_.variable;
    const size_t row = refused_.value_or(cells_.size());
    if (contents_.num_words > 0 && contents_.first_word < row)
      throw input_error(cells_.place(contents_.first_word), ": expected a number in column ",
                        quoted(variable.name), ", got ", quoted(cells_[contents_.first_word]));
    if (!refused_) return;
    const double value = *number_in(cells_[row]);
    const bool is_log = variable.transform.kind == TransformKind::kLog;
    throw input_error(cells_.place(row), ": column ", quoted(variable.name),
                      is_log ? " has the transform log" : " has bounds", ": expected a number",
                      range_in_words(variable), ", got ", quoted(cells_[row]),
                      value > 0 && static_cast<float>(value) == 0 ? ", which is 0 in float32" : "");
  }

  void refuse_no_categories(const Contents& contents) const {
    if (!refused_) return;
    const Variable& variable = column_.variable;
    if (!is_named()) refuse_so_many(cells_, *refused_, variable.name, contents);
    const std::string_view text = cells_[*refused_];
    throw input_error(cells_.place(*refused_), ": unknown category ", quoted(text), " in column ",
                      quoted(variable.name), did_you_mean(text, variable.names));
  }

  // From the order in which names were found.
  void sort_names() {
    std::vector<std::string>& names = column_.variable.names;
    for (const auto& [name, index] : index_) names.emplace_back(name);
    std::ranges::sort(names, comes_before);
    std::vector<float> place(names.size());
    for (size_t i = 0; i < names.size(); ++i)
      place[index_.find(names[i])->second] = static_cast<float>(i);
    for (size_t row = 0; row < cells_.size(); ++row) {
      if (column_.present[row]) keep(row, place[static_cast<size_t>(column_.value[row])]);
    }
  }

  const Heading& heading_;
  Cells cells_;
  TableColumn column_;
  Contents contents_;
  std::unordered_map<std::string_view, int64_t> index_;  // of a category's names
  std::optional<size_t> refused_;                        // first row whose cell its kind can't hold
};

// Row after row, as cells lie in the file: a column of a wide file is far apart.
void read_rows(int64_t num_rows, const std::vector<ColumnReader*>& readers,
               void (ColumnReader::*read)(size_t)) {
  if (readers.empty()) return;
  for (int64_t row = 0; row < num_rows; ++row) {
    for (ColumnReader* reader : readers) (reader->*read)(row);
  }
}

}  // namespace

std::vector<TableColumn> read_columns(const Csv& csv, const TableConfig& config) {
  const std::vector<Heading> headings = headings_of(csv, config);
  std::vector<ColumnReader> readers;
  readers.reserve(headings.size());
  for (const Heading& heading : headings) {
    if (heading.config.kind != ColumnKind::kSkip) readers.emplace_back(csv, heading, config);
  }
  if (readers.empty()) throw input_error(csv.path, ": every column is skipped");
  std::vector<ColumnReader*> numbers, words;
  for (ColumnReader& reader : readers) {
    if (reader.may_be_scalar()) numbers.push_back(&reader);
  }
  read_rows(csv.num_rows(), numbers, &ColumnReader::read_number);
  for (ColumnReader& reader : readers) {
    if (reader.is_scalar()) continue;
    reader.begin_words();
    words.push_back(&reader);
  }
  read_rows(csv.num_rows(), words, &ColumnReader::read_word);
  std::vector<TableColumn> columns;
  for (ColumnReader& reader : readers) columns.push_back(reader.column());
  const auto is_seen = [](const TableColumn& c) { return c.variable.access == Access::kCortex; };
  if (std::ranges::none_of(columns, is_seen)) {
    throw input_error(csv.path, ": the cortex may see no column");
  }
  return columns;
}

}  // namespace limbic::worlds
