#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/worlds/csv.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/read_options.h"
#include "limbic/worlds/row.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// Episodes as CSV: a line a row, a column a number. A column is called as its site (site.h); of a
/// vector, with the number's index behind a point:
///
///   age   theta[3]   position@2   picture[3].48
///
/// A category is its word, or its number if it has no names; other numbers have the fewest digits
/// that give them back to the bit. ABSENT is an empty cell.
class EpisodeTable {
 public:
  /// Of all sites, or of those that are marked in [T, V].
  explicit EpisodeTable(const Schema& schema);
  EpisodeTable(const Schema& schema, const at::Tensor& sites_TV);

  /// Names between commas, with those of further columns before and behind them, without the line's
  /// end.
  /// Errors  input: two columns of one name.
  [[nodiscard]] std::string header(const std::vector<std::string>& before = {},
                                   const std::vector<std::string>& behind = {}) const;
  /// Of each row its values.
  [[nodiscard]] std::vector<std::string> lines(const Episodes& episodes) const;

  struct Column {
    std::string name;
    Site site;
    int64_t number = 0;  // where it lies in RowLayout
    int64_t site_number = 0;
  };
  [[nodiscard]] const std::vector<Column>& columns() const { return columns_; }

 private:
  RowLayout layout_;
  std::vector<Column> columns_;
};

/// What a CSV file holds.
struct EpisodesRead {
  Episodes episodes;
  at::Tensor named_TV;  // the sites that have a column, bool
};

/// Reads such a table, its columns in any order, or one in the world's own dialect, whose delimiter
/// is told from a comma by the header. An empty cell is ABSENT, and so is a site that has no
/// column. What stands behind a colon in a heading (`age:scalar`) is left out; `id:skip` is
/// skipped, and so is a column without a name.
///
/// A cell is unknown that holds none of a category's words, or a number that a scalar can't be.
///
/// Errors  input, with file, line and column: unknown or repeated columns, with the nearest name;
///         an unknown cell, unless it counts as ABSENT, of which a warning tells; text where a
///         number is due; a vector of which some numbers are missing.
EpisodesRead read_episodes(const std::string& path, const Schema& schema,
                           const CsvDialect& dialect = {}, const ReadOptions& options = {});
/// Of that world, in its dialect.
EpisodesRead read_episodes(const std::string& path, const World& world,
                           const ReadOptions& options = {});

}  // namespace limbic::worlds
