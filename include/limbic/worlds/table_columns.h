#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/worlds/csv.h"
#include "limbic/worlds/table_config.h"
#include "limbic/worlds/variable.h"

namespace limbic::worlds {

inline constexpr int64_t kMostCategories = 4096;

/// One column of a CSV file, typed.
struct TableColumn {
  Variable variable;         // nothing measured yet: center, scale, offset and unit
  std::vector<float> value;  // a number, or the index of a category
  std::vector<bool> present;
  int64_t num_non_finite = 0;  // nan and inf, which count as missing
  double rounding = 0.0;       // how far from the file's numbers the kept ones lie at most
  bool loses = false;        // more by that than a hundredth of its deviation, as it is in the file
  bool is_constant = false;  // one number in all training rows
  std::string word = {};     // what makes a category of a column of numbers: "line 31 says 'N/A'"
};

/// Types every column that is not skipped: by the config, else by a suffix in the header
/// (`age:scalar`), else as a scalar if all of its cells are numbers. A column without a name, as an
/// index that was written beside the others, is left out.
/// Errors  input: see Table. ConfigError at the place of a name that the config gives.
std::vector<TableColumn> read_columns(const Csv& csv, const TableConfig& config);

}  // namespace limbic::worlds
