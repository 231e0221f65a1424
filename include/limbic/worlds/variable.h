#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "limbic/worlds/transform.h"

namespace limbic::worlds {

enum class Kind { kScalar, kCategory, kVector };

constexpr auto enum_names(Kind) {
  return std::array{std::pair{"scalar", Kind::kScalar}, std::pair{"category", Kind::kCategory},
                    std::pair{"vector", Kind::kVector}};
}

/// Who may see a variable: the cortex, the steering subsystem alone, or nobody in the brain (a
/// label that only evals read).
enum class Access { kCortex, kPrimitive, kLabel };

constexpr auto enum_names(Access) {
  return std::array{std::pair{"cortex", Access::kCortex},
                    std::pair{"primitive", Access::kPrimitive}, std::pair{"label", Access::kLabel}};
}

/// How the cells of a vector variable tile a grey image, if they do: `rows` x `columns` cells of
/// `height` x `width` pixels.
struct Tiling {
  int64_t rows = 0, columns = 0, height = 0, width = 0;
};

/// One named quantity that the brain can see or infer; it may be a grid of cells, all alike.
///
/// Units   values are raw; the cortex standardises scalars and vectors by (f(x) - center) / scale,
///         f the transform (standard_units.h).
struct Variable {
  std::string name;
  Kind kind = Kind::kScalar;
  int64_t size = 1;       // categories of a category, dimensions of a vector, 1 for a scalar
  int64_t num_cells = 1;  // cells of one tick
  int64_t num_ticks = 1;  // it can be present at ticks 0 .. num_ticks - 1 and at no other
  std::string modality = {};
  Access access = Access::kCortex;
  double center = 0.0;
  double scale = 1.0;
  double low = -std::numeric_limits<double>::infinity();  // no value of a scalar lies below
  double high = std::numeric_limits<double>::infinity();  // or above
  Transform transform = {};                               // of a scalar without bounds
  std::vector<std::string> names = {};  // of its categories; empty: they are numbers
  Tiling tiling = {};

  /// How many numbers a cell holds; a category is one.
  [[nodiscard]] int64_t numbers_a_cell() const { return kind == Kind::kVector ? size : 1; }
};

}  // namespace limbic::worlds
