#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/worlds/table_columns.h"
#include "limbic/worlds/table_config.h"
#include "limbic/worlds/world.h"

namespace limbic::worlds {

/// A CSV file: each row an episode of one tick, each column a variable of one cell.
///
/// Units   center and scale of scalars are mean and deviation of the training rows, transformed;
///         offset and unit of asinh are their median and median absolute deviation.
/// State   the whole table: 4 bytes and a bit of each cell.
/// Cost    while the file is read, its bytes and 4 more of each cell beside that.
/// Errors  input: a missing or empty file, another delimiter than the config's, a first line of
///         numbers, a ragged row, a cell of a scalar that is no number, more than 4096 categories,
///         an unknown kind or column, no row to train on, a column without a value in those rows.
class Table final : public World {
 public:
  explicit Table(const TableConfig& config);

  [[nodiscard]] const Schema& schema() const override { return schema_; }
  [[nodiscard]] const std::vector<std::string>& regimes() const override { return regimes_; }
  [[nodiscard]] Episodes draw(const Draw& draw, const Stream& stream) const override;
  [[nodiscard]] int64_t num_training_rows() const override;
  [[nodiscard]] std::optional<int64_t> num_distinct_rows(std::string_view regime,
                                                         Split split) const override;
  /// Rows, what columns were taken for, the cells that are ABSENT, columns of numbers that a word
  /// made categories, columns that were left out since they have no name, those that lose more to
  /// rounding than a hundredth of their deviation, and of those that the cortex sees columns of one
  /// number and names that hardly ever come twice.
  [[nodiscard]] std::string summary() const override;
  /// Of what every cell is taken for.
  [[nodiscard]] std::string fingerprint() const override;
  [[nodiscard]] CsvDialect csv_dialect() const override { return dialect_; }

 private:
  void read_cells(const TableConfig& config);
  void split_rows(const TableConfig& config);
  void fill(const std::vector<int64_t>& rows, int64_t variable, Episodes& episodes) const;

  std::string file_;
  CsvDialect dialect_;
  std::vector<std::string> regimes_{"rows"};
  std::vector<TableColumn> columns_;
  Schema schema_;
  std::array<std::vector<int64_t>, 3> rows_of_split_;
  int64_t num_rows_ = 0;
  int64_t num_missing_ = 0, num_non_finite_ = 0;  // cells: ABSENT, nan or inf among them
  int64_t num_nameless_ = 0;                      // columns
};

}  // namespace limbic::worlds
