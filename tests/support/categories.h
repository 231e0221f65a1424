#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "limbic/worlds/roles.h"
#include "limbic/worlds/schema.h"

/// Worlds of categories alone, whose joint distribution is a table.
namespace limbic::testing_support {

/// A schema of categories, one cell each.
inline worlds::Schema categories(const std::vector<int64_t>& sizes) {
  std::vector<worlds::Variable> variables;
  for (size_t k = 0; k < sizes.size(); ++k) {
    variables.push_back({.name = std::string(1, static_cast<char>('a' + k)),
                         .kind = worlds::Kind::kCategory,
                         .size = sizes[k]});
  }
  return {variables, 1};
}

/// Roles of `num_rows` rows that observe nothing and ask about every cell.
inline worlds::Roles all_asked(const worlds::Schema& schema, int64_t num_rows) {
  const at::Tensor all = at::ones({num_rows, schema.num_ticks(), schema.num_cells()}, at::kBool);
  return {at::zeros_like(all), all};
}

/// Half of the sum of all differences: 0 where two distributions are one.
inline double total_variation(const at::Tensor& p, const at::Tensor& q) {
  return (p - q).abs().sum().item<double>() / 2;
}

}  // namespace limbic::testing_support
