#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/worlds/schema.h"

namespace limbic::worlds {

/// A variable's cells at one tick, or one of them, as people name it:
///
///   theta   theta[3]   position@2   caption@2[3]
///
/// The first tick is meant where none is said.
struct Place {
  std::string name;
  int64_t variable = 0, tick = 0, first = 0, num_cells = 0;

  /// Errors  input: what fits nothing, with the nearest name.
  static Place named(const Schema& schema, const std::string& name);
  /// The same; none of what fits nothing.
  static std::optional<Place> find(const Schema& schema, const std::string& name);
  /// As named.
  /// Errors  input: also what the cortex does not see.
  static Place seen(const Schema& schema, const std::string& name);

  /// The variable as if it had these cells alone, and this name; some cells of a picture are none.
  [[nodiscard]] Variable part_of(const Schema& schema) const;
  /// Whether these are all cells of its tick.
  [[nodiscard]] bool is_whole(const Schema& schema) const {
    return num_cells == schema[variable].num_cells;
  }
  /// Views of a mask [B, T, V], and of the variable's own [B, T, cells, ...]: [B, num_cells, ...].
  [[nodiscard]] at::Tensor of_mask(const at::Tensor& mask_BTV, const Schema& schema) const;
  [[nodiscard]] at::Tensor of_own(const at::Tensor& own) const;
};

/// Of cells [T, V]: a variable's at one tick as one place where they are all there, else one each.
/// Ticks are said where a variable has several.
std::vector<Place> places_of(const Schema& schema, const at::Tensor& cells_TV);

}  // namespace limbic::worlds
