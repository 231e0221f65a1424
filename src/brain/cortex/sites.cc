#include "limbic/brain/cortex/sites.h"

namespace limbic::brain {

std::vector<Site> cortical_sites(const worlds::Schema& schema) {
  std::vector<Site> sites;
  for (int64_t i = 0; i < schema.size(); ++i) {
    if (schema[i].access != worlds::Access::kCortex) continue;
    for (int64_t tick = 0; tick < schema[i].num_ticks; ++tick) {
      for (int64_t cell = 0; cell < schema[i].num_cells; ++cell) {
        sites.push_back({i, tick, schema.offset(i) + cell});
      }
    }
  }
  return sites;
}

}  // namespace limbic::brain
