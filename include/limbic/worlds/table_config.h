#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/config/reader.h"
#include "limbic/worlds/variable.h"

namespace limbic::worlds {

enum class ColumnKind { kInfer, kScalar, kCategory, kSkip };

constexpr auto enum_names(ColumnKind) {
  return std::array{
      std::pair{"infer", ColumnKind::kInfer}, std::pair{"scalar", ColumnKind::kScalar},
      std::pair{"category", ColumnKind::kCategory}, std::pair{"skip", ColumnKind::kSkip}};
}

/// YAML: `world.columns.NAME`. What is said here goes before what the header says.
struct ColumnConfig {
  ColumnKind kind = ColumnKind::kInfer;
  Access access = Access::kCortex;
  std::string modality;
  std::vector<std::string> names;
  std::optional<TransformKind> transform = {};
  std::optional<double> low = {}, high = {};

  [[nodiscard]] bool is_bounded() const { return low || high; }
  static void fields(auto& self, auto&& field) {
    field("kind", self.kind,
          "scalar, category, skip; infer: as the header says, else a scalar where each "
          "cell is a number");
    field("access", self.access,
          "who may see it: the cortex, primitive steering, or evals (label)");
    field("modality", self.modality, "group it belongs to; empty: its own");
    field("names", self.names, "categories in the order they are to have; empty: those found");
    field("transform", self.transform,
          "of a scalar with heavy tails or several peaks, within the cortex alone: log (of numbers "
          "above 0), asinh (of distances from the median, in median absolute deviations), quantile "
          "(a spline that makes the training rows normal); default: the table's, and none where "
          "there are bounds");
    field("low", self.low,
          "no value of a scalar without transform lies below: a transformer believes and draws "
          "none there, and one in a file is a mistake");
    field("high", self.high, "or above");
  }
};

/// YAML: `world: {type: table}`.
struct TableConfig {
  std::string file;
  std::string delimiter = ",";
  int64_t skip_lines = 0;
  std::vector<config::Located> header;
  config::Map<ColumnConfig> columns;
  TransformKind transform = TransformKind::kNone;
  std::vector<std::string> missing{"NA", "NaN", "nan", "?"};
  double validation = 0.1;
  double test = 0.2;
  int64_t split_seed = 0;

  static void fields(auto& self, auto&& field) {
    using config::at_least, config::within;
    field("file", self.file, config::required, "the CSV file; relative to the working directory");
    field("delimiter", self.delimiter, "the character between cells");
    field("skip_lines", self.skip_lines, at_least<int64_t>(0), "lines before the header");
    field("header", self.header, "names of the columns of a file that has no header line");
    field("columns", self.columns, "what the header does not say: kind, access, ... by column");
    field("transform", self.transform,
          "of every scalar whose column says nothing else, see columns");
    field("missing", self.missing,
          "cells that mean that nothing is known, as empty ones always do");
    field("validation", self.validation, within(0.0, 0.9), "share of rows held out for evals");
    field("test", self.test, within(0.0, 0.9), "share of rows held out for `split: test`");
    field("split_seed", self.split_seed, "which rows are held out");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

}  // namespace limbic::worlds
