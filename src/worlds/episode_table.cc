#include "limbic/worlds/episode_table.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <optional>
#include <set>
#include <string_view>

#include "limbic/core/error.h"
#include "limbic/core/log.h"
#include "limbic/core/named_enum.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/text.h"

namespace limbic::worlds {
namespace {

using Column = EpisodeTable::Column;

at::Tensor all_sites(const Schema& schema) {
  return at::ones({schema.num_ticks(), schema.num_cells()}, at::kBool);
}

// Whether a file's heading is as this table writes it, of some of its columns.
bool writes(const EpisodeTable& table, const std::string& path) {
  std::set<std::string> written;
  for (const Column& column : table.columns()) written.insert(csv_cell(column.name));
  return std::ranges::all_of(pieces_of_heading(path, ','),
                             [&](const std::string& piece) { return written.contains(piece); });
}

// A heading is of limbic's own where commas separate it and the dialect's delimiter does not, or
// only stands in names.
Csv read_in(const CsvDialect& dialect, const std::string& path, const EpisodeTable& table) {
  CsvFormat format{.delimiter = dialect.delimiter, .skip_lines = 0, .header = {}};
  const std::string separators = separators_of_heading(path, std::string{dialect.delimiter, ','});
  if (separators == "," || (!separators.empty() && writes(table, path))) format.delimiter = ',';
  return read_csv(path, format);
}

/// A column of the file that is one of the table's.
struct Read {
  size_t index;
  const Column* column;
};

/// The columns that are known by name; of the others those that a dialect skips are left out, and
/// those without a name.
class Headings {
 public:
  Headings(const EpisodeTable& table, const CsvDialect& dialect) : dialect_(dialect) {
    for (const Column& column : table.columns()) {
      known_.emplace(column.name, &column);
      names_.push_back(column.name);
    }
  }

  [[nodiscard]] std::vector<Read> read(const Csv& csv) const {
    std::vector<Read> columns;
    std::set<const Column*> seen;
    for (size_t i = 0; i < csv.header.size(); ++i) {
      const CsvCell& cell = csv.header[i];
      const Column* column = find(csv, cell);
      if (column == nullptr) continue;
      if (!seen.insert(column).second)
        throw input_error(csv.place(cell), ": a second column is called ", quoted(column->name));
      columns.push_back({i, column});
    }
    return columns;
  }

 private:
  [[nodiscard]] const Column* find(const Csv& csv, const CsvCell& cell) const {
    const std::string_view heading = cell.text;
    if (heading.empty()) return nullptr;  // as in a table
    const size_t colon = std::min(heading.rfind(':'), heading.size());
    for (const std::string_view name : {heading, heading.substr(0, colon)}) {
      if (const auto found = known_.find(name); found != known_.end()) return found->second;
      if (std::ranges::find(dialect_.skipped, name) != dialect_.skipped.end()) return nullptr;
    }
    if (heading.substr(colon) == ":skip") return nullptr;
    throw input_error(csv.place(cell), ": no number of an episode is called ", quoted(heading),
                      number_in(heading) ? "; the first line of such a file names its columns"
                                         : did_you_mean(heading, names_));
  }

  const CsvDialect& dialect_;
  std::map<std::string_view, const Column*> known_;
  std::vector<std::string_view> names_;
};

// A few of them between commas, and how many others there are.
std::string a_few_of(const std::set<const Column*>& columns) {
  constexpr int64_t kShown = 5;
  std::string text;
  int64_t count = 0;
  for (const Column* column : columns)
    if (count++ < kShown) text += (text.empty() ? "" : ", ") + column->name;
  return count > kShown ? concat(text, " and ", counted(count - kShown, "other")) : text;
}

/// One line of the file on its way into a row.
class RowReader {
 public:
  RowReader(const Csv& csv, const Schema& schema, const CsvDialect& dialect,
            const ReadOptions& options, const std::vector<Read>& columns)
      : csv_(csv),
        schema_(schema),
        dialect_(dialect),
        options_(options),
        columns_(columns),
        layout_(schema),
        words_(schema.size()) {
    for (int64_t i = 0; i < schema.size(); ++i) {
      const std::vector<std::string>& names = schema[i].names;
      for (int64_t index = 0; index < std::ssize(names); ++index)
        words_[i].emplace(names[index], index);
    }
  }

  void read(int64_t row, Episodes& episodes) {
    std::vector<double> numbers(layout_.num_numbers());
    std::vector<int64_t> filled(layout_.num_sites());
    for (const auto& [index, column] : columns_) {
      const std::optional<double> found = value(csv_.cell(row, index), *column);
      if (!found) continue;
      numbers[column->number] = *found;
      ++filled[column->site_number];
    }
    auto present = episodes.present_BTV.accessor<bool, 3>();
    for (const auto& [index, column] : columns_) {
      const Site& site = column->site;
      const int64_t count = filled[column->site_number];
      const int64_t width = schema_[site.variable].numbers_a_cell();
      if (count == 0) continue;
      if (count < width) {
        throw input_error(csv_.place(csv_.cell(row, index)), ": ", site_name(schema_, site),
                          " is a vector of ", width, " numbers; this line has ", count, " of them");
      }
      present[row][site.tick][site.row_cell] = true;
    }
    layout_.write(numbers, episodes, row);
  }

  void warn_of_dropped() const {
    if (infinite_.count > 0)
      log::warn(infinite_.first, " is infinite, so it counts as missing",
                infinite_.count > 1 ? concat(" (", infinite_.count, " such cells)") : "");
    if (unknown_.count > 0)
      log::warn(unknown_.first, " is nothing that its column can hold, so it counts as missing (",
                counted(unknown_.count, "such cell"), ", in ", a_few_of(unknown_.columns), ")");
  }

 private:
  /// Cells that say something and count as missing.
  struct Dropped {
    int64_t count = 0;
    std::string first;  // its place and text
    std::set<const Column*> columns;
  };

  void drop(const CsvCell& cell, const Column& column, Dropped& dropped) const {
    if (++dropped.count == 1) dropped.first = concat(csv_.place(cell), ": ", quoted(cell.text));
    dropped.columns.insert(&column);
  }
  [[nodiscard]] bool is_absent(const CsvCell& cell, const Column& column) {
    if (is_missing(cell.text, dialect_.missing)) return true;
    if (schema_[column.site.variable].kind == Kind::kCategory) return false;
    const auto number = static_cast<float>(number_in(cell.text).value_or(0));
    if (std::isinf(number)) drop(cell, column, infinite_);
    return !std::isfinite(number);  // as in a table
  }
  // None where the cell counts as missing.
  [[nodiscard]] std::optional<double> value(const CsvCell& cell, const Column& column) {
    if (is_absent(cell, column)) return std::nullopt;
    const Variable& variable = schema_[column.site.variable];
    const auto& words = words_[column.site.variable];
    const auto word = words.find(cell.text);
    if (word != words.end()) return static_cast<double>(word->second);
    const bool may_drop = options_.unknown == UnknownCells::kMissing;
    try {
      // Of a word that is not among them the nearest would be looked for.
      if (words.empty() || !may_drop) return parse_number(variable, cell.text);
    } catch (const Error& error) {
      const bool is_unknown = variable.kind == Kind::kCategory ||
                              (variable.kind == Kind::kScalar && number_in(cell.text));
      if (!is_unknown || !may_drop)
        throw input_error(csv_.place(cell), ": ", error.what(), is_unknown ? cure(error) : "");
    }
    drop(cell, column, unknown_);
    return std::nullopt;
  }
  // How a message about an unknown cell ends.
  [[nodiscard]] std::string cure(const Error& error) const {
    if (options_.option.empty()) return "";
    return concat(std::string_view(error.what()).ends_with('?') ? " " : "; ", options_.option, " ",
                  name_of(UnknownCells::kMissing), " takes it as empty");
  }

  const Csv& csv_;
  const Schema& schema_;
  const CsvDialect& dialect_;
  const ReadOptions& options_;
  const std::vector<Read>& columns_;
  RowLayout layout_;
  std::vector<std::map<std::string_view, int64_t>> words_;  // of each variable, with their indices
  Dropped infinite_, unknown_;                              // that were read so far
};

}  // namespace

EpisodeTable::EpisodeTable(const Schema& schema) : EpisodeTable(schema, all_sites(schema)) {}

EpisodeTable::EpisodeTable(const Schema& schema, const at::Tensor& sites_TV) : layout_(schema) {
  const auto wanted = sites_TV.accessor<bool, 2>();
  for (int64_t s = 0; s < layout_.num_sites(); ++s) {
    const auto& [site, number, width] = layout_.slots()[s];
    if (!wanted[site.tick][site.row_cell]) continue;
    const std::string name = site_name(schema, site);
    for (int64_t k = 0; k < width; ++k)
      columns_.push_back({width > 1 ? concat(name, ".", k) : name, site, number + k, s});
  }
}

std::string EpisodeTable::header(const std::vector<std::string>& before,
                                 const std::vector<std::string>& behind) const {
  std::vector<std::string> names = before;
  for (const Column& column : columns_) names.push_back(column.name);
  names.insert(names.end(), behind.begin(), behind.end());
  if (const auto twice = first_repeated(names))
    throw input_error("two columns of what is written would be called ", quoted(*twice));
  std::string text;
  for (const std::string& name : names)
    text += (&name == &names.front() ? "" : ",") + csv_cell(name);
  return text;
}

std::vector<std::string> EpisodeTable::lines(const Episodes& episodes) const {
  const Episodes plain = readable(episodes);
  std::vector<std::string> lines(plain.num_rows());
  for (int64_t row = 0; row < plain.num_rows(); ++row) {
    const std::vector<double> numbers = layout_.read(plain, row);
    const std::vector<uint8_t> present = layout_.marked(plain.present_BTV, row);
    for (const Column& column : columns_) {
      if (&column != columns_.data()) lines[row] += ',';
      if (!present[column.site_number]) continue;
      const Variable& variable = layout_.schema()[column.site.variable];
      lines[row] += csv_cell(format_number(variable, numbers[column.number]));
    }
  }
  return lines;
}

EpisodesRead read_episodes(const std::string& path, const Schema& schema, const CsvDialect& dialect,
                           const ReadOptions& options) {
  const EpisodeTable table(schema);
  const Csv csv = read_in(dialect, path, table);
  const std::vector<Read> columns = Headings(table, dialect).read(csv);
  EpisodesRead read{empty_episodes(schema, csv.num_rows()),
                    at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool)};
  auto named = read.named_TV.accessor<bool, 2>();
  for (const auto& [index, column] : columns)
    named[column->site.tick][column->site.row_cell] = true;
  RowReader reader(csv, schema, dialect, options, columns);
  for (int64_t row = 0; row < csv.num_rows(); ++row) reader.read(row, read.episodes);
  reader.warn_of_dropped();
  return read;
}

EpisodesRead read_episodes(const std::string& path, const World& world,
                           const ReadOptions& options) {
  return read_episodes(path, world.schema(), world.csv_dialect(), options);
}

}  // namespace limbic::worlds
