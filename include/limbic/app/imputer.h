#pragma once

#include <cstdint>

#include "limbic/brain/brain.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

namespace limbic::app {

/// Fills in what rows ask by what a trained cortex believes of it, given what they observe.
///
/// Shapes  episodes and roles of B rows, on the CPU, before and after.
/// State   a cell that is both asked and observed stays as it is.
class Imputer {
 public:
  Imputer(brain::Cortex& cortex, const worlds::Schema& schema, double temperature,
          at::Device device);

  /// `count` joint draws of each row: row r of the result is of row r / count. The numbers drawn
  /// are those of (stream, count, rows).
  [[nodiscard]] worlds::Episodes samples(const worlds::Episodes& episodes,
                                         const worlds::Roles& roles, int64_t count,
                                         const Stream& stream) const;
  /// Expected values, and likeliest categories, of each cell on its own.
  [[nodiscard]] worlds::Episodes expected(const worlds::Episodes& episodes,
                                          const worlds::Roles& roles) const;

 private:
  brain::Cortex& cortex_;
  const worlds::Schema& schema_;
  double temperature_;
  at::Device device_;
};

}  // namespace limbic::app
