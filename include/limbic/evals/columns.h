#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: what the thoughts behind an expression observe; a key that evals share.
struct Observed {
  std::optional<std::vector<config::Located>> globs;

  static void fields(auto& self, auto&& field) {
    field("observe", self.globs,
          "globs of variables or modalities that the thought may observe; default: all it can");
  }
};

/// Errors  ConfigError at what the cortex does not see, and at a moment (x@now).
void check_observed(const Observed& observed, const worlds::Schema& schema);

/// A column of numbers, one a row: an expression read at one tick.
struct Column {
  brain::Program::Probe probe;
  int64_t tick;
  config::Mark mark;          // of the expression
  std::string_view tick_key;  // under which the tick is said
};

/// Errors  ConfigError at each that needs a variable at a tick where it never is.
void check_columns(const std::vector<Column>& columns, const worlds::Schema& schema);

/// Columns, and the rows that they are read in.
struct ColumnsToRead {
  HeldOut held_out;
  Observed observed;
  std::vector<Column> columns;
};

/// Their values, NaN where an expression is not known.
/// Shapes  [columns, rows] float32 on the CPU.
at::Tensor read_columns(const ColumnsToRead& asked, brain::Brain& brain,
                        const EpisodeSource& source);

}  // namespace limbic::evals
