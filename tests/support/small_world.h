#pragma once

#include <cstdint>

#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/schema.h"

/// A world of six variables.
namespace limbic::testing_support {

inline constexpr int64_t kX = 0, kY = 1, kC = 2, kEye = 3, kThreat = 4, kGroup = 5;

inline worlds::Schema small_schema() {
  using worlds::Access;
  using worlds::Kind;
  return worlds::Schema(
      {{.name = "x", .kind = Kind::kScalar, .modality = "sight", .center = 1.0, .scale = 2.0},
       {.name = "y", .kind = Kind::kVector, .size = 2, .num_cells = 2, .modality = "sound"},
       {.name = "c", .kind = Kind::kCategory, .size = 3, .modality = "word"},
       {.name = "eye", .num_ticks = 2, .modality = "eye", .access = Access::kPrimitive},
       {.name = "threat", .kind = Kind::kCategory, .size = 2, .access = Access::kLabel},
       {.name = "group", .kind = Kind::kCategory, .size = 3, .access = Access::kLabel}},
      /*num_ticks=*/2);
}

/// Every cell present: x = r, y = r, c = r mod 3, eye = 0, threat = r mod 2, group = r mod 3.
inline worlds::Episodes counted_rows(int64_t num_rows, int64_t first = 0) {
  const worlds::Schema schema = small_schema();
  worlds::Episodes episodes = worlds::empty_episodes(schema, num_rows);
  for (int64_t i = 0; i < schema.size(); ++i)
    worlds::own_cells(episodes.present_BTV, schema, i).fill_(true);
  for (int64_t r = 0; r < num_rows; ++r) {
    const int64_t number = first + r;
    episodes.value[kX][r].fill_(number);
    episodes.value[kY][r].fill_(number);
    episodes.value[kC][r].fill_(number % 3);
    episodes.value[kThreat][r].fill_(number % 2);
    episodes.value[kGroup][r].fill_(number % 3);
  }
  return episodes;
}

inline void make_absent(worlds::Episodes& episodes, int64_t row, int64_t variable) {
  const worlds::Schema schema = small_schema();
  episodes.present_BTV[row]
      .narrow(1, schema.offset(variable), schema[variable].num_cells)
      .fill_(false);
  episodes.value[variable][row].zero_();
}

}  // namespace limbic::testing_support
