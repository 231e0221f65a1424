#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <memory>
#include <optional>
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
  std::shared_ptr<const brain::Program::Probe> probe;
  int64_t tick;
};

/// Columns, and the rows that they are read in.
struct ColumnsToRead {
  HeldOut held_out;
  Observed observed;
  std::vector<Column> columns;
};

/// Their values, NaN where an expression is not known.
/// Shapes  [columns, rows] float32 on the CPU.
at::Tensor read_columns(const ColumnsToRead& asked, brain::Brain& brain, const worlds::World& world,
                        const Stream& stream, at::Device device);

}  // namespace limbic::evals
