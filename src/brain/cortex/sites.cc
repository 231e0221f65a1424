#include "limbic/brain/cortex/sites.h"

#include "limbic/worlds/site.h"

namespace limbic::brain {

std::vector<Site> cortical_sites(const worlds::Schema& schema) {
  std::vector<Site> sites;
  for (const auto& [variable, tick, cell] : worlds::sites_of(schema)) {
    if (schema[variable].access == worlds::Access::kCortex)
      sites.push_back({variable, tick, schema.offset(variable) + cell, cell});
  }
  return sites;
}

}  // namespace limbic::brain
