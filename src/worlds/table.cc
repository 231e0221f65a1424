#include "limbic/worlds/table.h"

#include <ATen/ops/from_blob.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <iterator>
#include <memory>
#include <numeric>
#include <optional>
#include <set>
#include <tuple>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/hash.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/data_file.h"
#include "limbic/worlds/epoch_order.h"
#include "limbic/worlds/spline.h"

namespace limbic::worlds {
namespace {

// Of numbers, at least one.
double median(std::vector<double> numbers) {
  const auto middle = numbers.begin() + std::ssize(numbers) / 2;
  std::ranges::nth_element(numbers, middle);
  return *middle;
}

double mean(const std::vector<double>& numbers) {
  return std::accumulate(numbers.begin(), numbers.end(), 0.0) / static_cast<double>(numbers.size());
}

double mean_square(std::vector<double> numbers) {
  for (double& number : numbers) number *= number;
  return mean(numbers);
}

std::vector<double> distances(std::vector<double> numbers, double from) {
  for (double& number : numbers) number = std::abs(number - from);
  return numbers;
}

// Median and median absolute deviation; where more than half of the numbers are one, the mean
// absolute deviation, and 1 where all are.
void center_robustly(const std::vector<double>& numbers, Transform& transform) {
  transform.offset = median(numbers);
  const std::vector<double> apart = distances(numbers, transform.offset);
  transform.unit = median(apart) > 0 ? median(apart) : mean(apart);
  if (transform.unit <= 0) transform.unit = 1;
}

void transform_all(const Transform& transform, std::vector<double>& numbers) {
  if (transform.kind == TransformKind::kQuantile) {  // a dozen operations, however many numbers
    const at::Tensor all = at::from_blob(numbers.data(), {std::ssize(numbers)}, at::kDouble);
    all.copy_((*transform.spline)(all));
  } else {
    for (double& number : numbers) number = transform(number);
  }
}

struct Moments {
  double mean, deviation;  // the second is 1 where all numbers are one
};

Moments moments_of(const std::vector<double>& numbers) {
  const double center = mean(numbers);
  const double deviation = std::sqrt(mean_square(distances(numbers, center)));
  const bool varies = deviation > 1e-9 * std::abs(center);
  return {center, varies ? deviation : 1.0};
}

// Mean and deviation over the rows in which the value is known, as transformed, and what the file's
// own numbers are like. REQUIRES: it is known in some row.
void standardise(TableColumn& column, const std::vector<int64_t>& rows) {
  std::vector<double> known;
  known.reserve(rows.size());
  for (const int64_t row : rows) {
    if (column.present[row]) known.push_back(column.value[row]);
  }
  column.loses = column.rounding > moments_of(known).deviation / 100;
  column.is_constant = std::ranges::count(known, known.front()) == std::ssize(known);
  Variable& variable = column.variable;
  if (variable.transform.kind == TransformKind::kQuantile)
    variable.transform.spline = std::make_shared<Spline>(normalising_knots(known));
  if (variable.transform.kind == TransformKind::kAsinh) center_robustly(known, variable.transform);
  transform_all(variable.transform, known);
  const Moments moments = moments_of(known);
  variable.center = moments.mean;
  variable.scale = moments.deviation;
}

// Of a column that says nothing in any of these rows, a brain would make up all.
void refuse_blank(const std::vector<TableColumn>& columns, const std::vector<int64_t>& rows,
                  const std::string& file) {
  std::string names;
  std::vector<config::Entry> skips;
  for (const TableColumn& column : columns) {
    const auto is_present = [&](int64_t row) { return column.present[row]; };
    if (std::ranges::any_of(rows, is_present)) continue;
    const std::string& name = column.variable.name;
    const config::Entry skip{"kind", {}, config::Node::word("skip")};
    names += concat(names.empty() ? "" : ", ", quoted(name));
    skips.push_back({name, {}, config::Node::map(std::vector<config::Entry>{skip})});
  }
  if (skips.empty()) return;
  const char* const have = skips.size() > 1 ? " have" : " has";
  throw input_error(file, ": ", names, have, " no value in the training rows: say `columns: ",
                    config::to_flow_yaml(config::Node::map(std::move(skips))), "`");
}

// "2 numbers and 3 categories (kind of 4, site of 12, ...)"
std::string kinds_of(const Schema& schema) {
  constexpr int64_t kMostNamed = 4;
  int64_t numbers = 0, categories = 0;
  std::string named;
  for (const Variable& variable : schema.variables()) {
    if (variable.kind != Kind::kCategory) {
      ++numbers;
    } else if (++categories <= kMostNamed) {
      named += concat(categories > 1 ? ", " : "", variable.name, " of ", variable.size);
    }
  }
  if (categories > kMostNamed) named += ", ...";
  const std::string of_numbers = counted(numbers, "number");
  if (categories == 0) return of_numbers;
  return concat(of_numbers, " and ", categories, categories == 1 ? " category (" : " categories (",
                named, ")");
}

// What one should know of a column, each behind a comma.
std::string notices_of(const TableColumn& column) {
  constexpr auto kCure = " (say kind: skip in columns)";
  const Variable& variable = column.variable;
  const std::string name = quoted(variable.name);
  std::string text;
  if (!column.word.empty()) text += concat(", ", name, " a category since ", column.word);
  if (column.loses)
    text += concat(", numbers of ", name, " rounded to float32 by up to ", column.rounding);
  if (variable.access != Access::kCortex) return text;
  if (column.is_constant)
    text += concat(", ", name, " has one value alone, whose density spoils nll", kCure);
  const int64_t rows = std::ranges::count(column.present, true);
  if (variable.kind == Kind::kCategory && 2 * variable.size > rows)
    text += concat(", ", name, " has ", counted(variable.size, "name"), " in ",
                   counted(rows, "row"), kCure);
  return text;
}

void check_bounds(const std::string& name, const ColumnConfig& column, const config::Mark& mark,
                  config::Reader& reader) {
  if (column.is_bounded() && column.transform && *column.transform != TransformKind::kNone)
    reader.problem(mark, "'" + name + "' has a transform, so it has no low and no high");
  if (column.low && column.high && *column.low >= *column.high)
    reader.problem(mark, concat("low of '", name, "' must lie below high, got ", *column.low,
                                " and ", *column.high));
}

// Categories that no cell can hold, at the places of their names.
void refuse_missing_names(const config::Map<ColumnConfig>::Item& column,
                          const std::vector<std::string>& missing, const config::Node& columns,
                          config::Reader& reader) {
  const auto& names = column.value.names;
  std::vector<std::string> others;
  std::ranges::copy_if(missing, std::back_inserter(others), [&](const std::string& word) {
    return std::ranges::find(names, word) == names.end();
  });
  const std::string cure =
      concat(", unless the table has `missing: ", config::to_flow_yaml(config::dump(others)), "`");
  for (size_t i = 0; i < names.size(); ++i) {
    if (!is_missing(names[i], missing)) continue;
    reader.problem(
        columns.find(column.key)->find("names")->items[i].mark,
        concat(quoted(names[i]), " can be no category: a cell that says so counts as missing",
               names[i].empty() ? "" : cure));
  }
}

CsvFormat format_of(const TableConfig& config) {
  CsvFormat format{.delimiter = config.delimiter.front(),
                   .skip_lines = config.skip_lines,
                   .header = {},
                   .rivals = ",;\t|"};
  for (const config::Located& name : config.header) format.header.push_back(name.text);
  return format;
}

}  // namespace

void TableConfig::check(config::Reader& reader, const config::Node& node) const {
  const auto mark_of = [&](std::string_view key) {
    const config::Node* value = node.find(key);
    return value == nullptr ? node.mark : value->mark;
  };
  if (delimiter.size() != 1 || delimiter == "\"" || delimiter == "\n" || delimiter == "\r") {
    reader.problem(mark_of("delimiter"),
                   concat("delimiter is one character, and no quote",
                          delimiter == "\\t" ? "; a tab is \"\\t\", in double quotes" : ""));
  }
  if (validation + test > 0.95) {
    reader.problem(mark_of("test"), "validation and test together leave less than 5 % to train on");
  }
  for (const auto& column : columns) {
    const std::set<std::string> names(column.value.names.begin(), column.value.names.end());
    if (names.size() < column.value.names.size()) {
      reader.problem(column.mark, "a category of '" + column.key + "' is listed twice");
    }
    if (std::ssize(names) > kMostCategories) {
      reader.problem(column.mark,
                     concat("'", column.key, "' has more than ", kMostCategories, " categories"));
    }
    check_bounds(column.key, column.value, column.mark, reader);
    refuse_missing_names(column, missing, *node.find("columns"), reader);
  }
}

Table::Table(const TableConfig& config)
    : file_(config.file), dialect_{config.delimiter.front(), config.missing, {}} {
  for (const auto& column : config.columns) {
    if (column.value.kind == ColumnKind::kSkip) dialect_.skipped.push_back(column.key);
  }
  require_data_file(config.file);
  read_cells(config);
  split_rows(config);
  const auto& training_rows = rows_of_split_[static_cast<size_t>(Split::kTrain)];
  refuse_blank(columns_, training_rows, file_);
  std::vector<Variable> variables;
  for (TableColumn& column : columns_) {
    if (column.variable.kind == Kind::kScalar) standardise(column, training_rows);
    num_missing_ += std::ranges::count(column.present, false);
    num_non_finite_ += column.num_non_finite;
    variables.push_back(column.variable);
  }
  schema_ = Schema(std::move(variables), 1);
}

int64_t Table::num_training_rows() const {
  return std::ssize(rows_of_split_[static_cast<size_t>(Split::kTrain)]);
}

std::optional<int64_t> Table::num_distinct_rows(std::string_view /*regime*/, Split split) const {
  return std::ssize(rows_of_split_[static_cast<size_t>(split)]);
}

std::string Table::summary() const {
  std::string text =
      concat(file_, ": ", num_rows_, " rows of ", kinds_of(schema_), ", ", num_missing_, " of ",
             num_rows_ * std::ssize(columns_), " cells missing");
  if (num_non_finite_ > 0) text += concat(", ", num_non_finite_, " of them not finite");
  if (num_nameless_ > 0)
    text += concat(", ", counted(num_nameless_, "column"), " without a name left out");
  for (const TableColumn& column : columns_) text += notices_of(column);
  return text;
}

// Of 8 bytes a cell, a column at a time.
std::string Table::fingerprint() const {
  Xxh3Hasher hasher;
  for (const TableColumn& column : columns_) {
    const auto& [name, names] = std::tie(column.variable.name, column.variable.names);
    hasher.add(concat(name.size(), " ", name, names.size(), " "));
    for (const std::string& word : names) hasher.add(concat(word.size(), " ", word));
    std::vector<double> numbers(column.value.begin(), column.value.end());
    for (size_t row = 0; row < numbers.size(); ++row) {
      if (!column.present[row]) numbers[row] = std::nan("");
    }
    hasher.add({reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(double)});
  }
  return hasher.digits();
}

// The file's bytes are let go of before anything is measured.
void Table::read_cells(const TableConfig& config) {
  const Csv csv = read_csv(config.file, format_of(config));
  columns_ = read_columns(csv, config);
  num_rows_ = csv.num_rows();
  num_nameless_ = std::ranges::count(csv.header, std::string_view(), &CsvCell::text);
}

void Table::split_rows(const TableConfig& config) {
  const at::Tensor order =
      Stream(static_cast<uint64_t>(config.split_seed)).child("split").permutation(num_rows_);
  const int64_t* next = order.const_data_ptr<int64_t>();
  const auto take = [&](Split split, int64_t count) {
    rows_of_split_[static_cast<size_t>(split)].assign(next, next + count);
    next += count;
  };
  const auto num_test = std::llround(config.test * static_cast<double>(num_rows_));
  const auto num_validation = std::llround(config.validation * static_cast<double>(num_rows_));
  const int64_t num_train = num_rows_ - num_test - num_validation;
  if (num_train < 1) {
    throw input_error(file_, ": no row is left to train on: ", num_rows_, " rows, ", num_validation,
                      " for validation, ", num_test, " for test");
  }
  take(Split::kTest, num_test);
  take(Split::kValidation, num_validation);
  take(Split::kTrain, num_train);
}

Episodes Table::draw(const Draw& draw, const Stream& stream) const {
  TORCH_CHECK(draw.regime == regimes_.front(), "table has no regime '", draw.regime, "'");
  const std::vector<int64_t>& members = rows_of_split_[static_cast<size_t>(draw.split)];
  if (members.empty()) {
    throw input_error(file_, ": no row is held out for the split '", name_of(draw.split), "'");
  }
  const EpochOrder order(std::ssize(members), stream.child(name_of(draw.split)));
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < draw.num_rows; ++i)
    rows.push_back(members[order.item(draw.first_row + i)]);
  Episodes episodes = empty_episodes(schema_, draw.num_rows);
  for (int64_t i = 0; i < schema_.size(); ++i) fill(rows, i, episodes);
  return episodes;
}

void Table::fill(const std::vector<int64_t>& rows, int64_t variable, Episodes& episodes) const {
  const TableColumn& column = columns_[variable];
  const at::Tensor& value = episodes.value[variable];
  bool* present = episodes.present_BTV.mutable_data_ptr<bool>() + variable;
  const auto copy_into = [&]<class T>(T* out) {
    for (size_t i = 0; i < rows.size(); ++i) {
      out[i] = static_cast<T>(column.value[rows[i]]);
      present[i * schema_.num_cells()] = column.present[rows[i]];
    }
  };
  if (column.variable.kind == Kind::kCategory) {
    copy_into(value.mutable_data_ptr<int64_t>());
  } else {
    copy_into(value.mutable_data_ptr<float>());
  }
}

}  // namespace limbic::worlds
