#include "limbic/worlds/episode_table.h"

#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>

#include <map>
#include <set>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/csv.h"
#include "limbic/worlds/text.h"

namespace limbic::worlds {
namespace {

using Column = EpisodeTable::Column;

at::Tensor all_sites(const Schema& schema) {
  return at::ones({schema.num_ticks(), schema.num_cells()}, at::kBool);
}

// The table's column of each of the file's.
std::vector<const Column*> columns_of(const Csv& csv, const EpisodeTable& table) {
  std::map<std::string_view, const Column*> known;
  for (const Column& column : table.columns()) known.emplace(column.name, &column);
  std::vector<const Column*> columns;
  std::set<std::string_view> names;
  for (const CsvCell& cell : csv.header) {
    const auto found = known.find(cell.text);
    if (found == known.end()) {
      std::vector<std::string_view> words;
      for (const Column& column : table.columns()) words.push_back(column.name);
      throw input_error(csv.place(cell), ": no number of an episode is called ", quoted(cell.text),
                        did_you_mean(cell.text, words));
    }
    if (!names.insert(cell.text).second)
      throw input_error(csv.place(cell), ": a second column is called ", quoted(cell.text));
    columns.push_back(found->second);
  }
  return columns;
}

/// One line of the file on its way into a row.
class RowReader {
 public:
  RowReader(const Csv& csv, const Schema& schema, const std::vector<const Column*>& columns)
      : csv_(csv), schema_(schema), columns_(columns), layout_(schema) {}

  void read(int64_t row, Episodes& episodes) const {
    const std::vector<CsvCell>& cells = csv_.rows[row];
    std::vector<double> numbers(layout_.num_numbers());
    std::vector<int64_t> filled(layout_.num_sites());
    for (size_t c = 0; c < cells.size(); ++c) {
      if (cells[c].text.empty()) continue;
      numbers[columns_[c]->number] = value(cells[c], schema_[columns_[c]->site.variable]);
      ++filled[columns_[c]->site_number];
    }
    auto present = episodes.present_BTV.accessor<bool, 3>();
    for (size_t c = 0; c < cells.size(); ++c) {
      const Site& site = columns_[c]->site;
      const int64_t count = filled[columns_[c]->site_number];
      const int64_t width = schema_[site.variable].numbers_a_cell();
      if (count == 0) continue;
      if (count < width) {
        throw input_error(csv_.place(cells[c]), ": ", site_name(schema_, site), " is a vector of ",
                          width, " numbers; this line has ", count, " of them");
      }
      present[row][site.tick][schema_.offset(site.variable) + site.cell] = true;
    }
    layout_.write(numbers, episodes, row);
  }

 private:
  [[nodiscard]] double value(const CsvCell& cell, const Variable& variable) const {
    try {
      return parse_number(variable, cell.text);
    } catch (const Error& error) {
      throw input_error(csv_.place(cell), ": ", error.what());
    }
  }

  const Csv& csv_;
  const Schema& schema_;
  const std::vector<const Column*>& columns_;
  RowLayout layout_;
};

}  // namespace

EpisodeTable::EpisodeTable(const Schema& schema) : EpisodeTable(schema, all_sites(schema)) {}

EpisodeTable::EpisodeTable(const Schema& schema, const at::Tensor& sites_TV) : layout_(schema) {
  const auto wanted = sites_TV.accessor<bool, 2>();
  int64_t number = 0, site_number = 0;
  for (const Site& site : sites_of(schema)) {
    const int64_t width = schema[site.variable].numbers_a_cell();
    const std::string name = site_name(schema, site);
    if (wanted[site.tick][schema.offset(site.variable) + site.cell]) {
      for (int64_t k = 0; k < width; ++k)
        columns_.push_back(
            {width > 1 ? concat(name, ".", k) : name, site, k, number + k, site_number});
    }
    number += width;
    ++site_number;
  }
}

std::string EpisodeTable::header() const {
  std::string text;
  for (const Column& column : columns_) {
    if (&column != columns_.data()) text += ',';
    text += csv_cell(column.name);
  }
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

EpisodesRead read_episodes(const std::string& path, const Schema& schema) {
  const Csv csv = read_csv(path);
  const EpisodeTable table(schema);
  const std::vector<const Column*> columns = columns_of(csv, table);
  EpisodesRead read{empty_episodes(schema, std::ssize(csv.rows)),
                    at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool)};
  auto named = read.named_TV.accessor<bool, 2>();
  for (const Column* column : columns)
    named[column->site.tick][schema.offset(column->site.variable) + column->site.cell] = true;
  const RowReader reader(csv, schema, columns);
  for (int64_t row = 0; row < std::ssize(csv.rows); ++row) reader.read(row, read.episodes);
  return read;
}

}  // namespace limbic::worlds
