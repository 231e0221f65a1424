#include "limbic/worlds/site.h"

#include <ATen/ops/zeros.h>

#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"

namespace limbic::worlds {

std::vector<Site> sites_of(const Schema& schema) {
  std::vector<Site> sites;
  for (int64_t i = 0; i < schema.size(); ++i) {
    for (int64_t tick = 0; tick < schema[i].num_ticks; ++tick) {
      for (int64_t cell = 0; cell < schema[i].num_cells; ++cell) sites.push_back({i, tick, cell});
    }
  }
  return sites;
}

std::string site_name(const Schema& schema, const Site& site) {
  const Variable& variable = schema[site.variable];
  std::string name = variable.name;
  if (variable.num_ticks > 1) name += concat("@", site.tick);
  if (variable.num_cells > 1) name += concat("[", site.cell, "]");
  return name;
}

at::Tensor sites_named(const Schema& schema, const std::vector<std::string>& globs,
                       const std::string& option) {
  const std::vector<Site> sites = sites_of(schema);
  std::vector<std::string> names;
  for (const Site& site : sites) names.push_back(site_name(schema, site));
  at::Tensor named_TV = at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool);
  auto named = named_TV.accessor<bool, 2>();
  for (const std::string& glob : globs) {
    bool fits = false;
    for (size_t s = 0; s < sites.size(); ++s) {
      const Variable& variable = schema[sites[s].variable];
      if (!matches_glob(glob, variable.name) && !matches_glob(glob, variable.modality) &&
          !matches_glob(glob, names[s]))
        continue;
      named[sites[s].tick][schema.offset(sites[s].variable) + sites[s].cell] = true;
      fits = true;
    }
    if (fits) continue;
    const std::vector<std::string> variables = schema.names();
    std::vector<std::string_view> known(variables.begin(), variables.end());
    if (glob.find_first_of("@[") != std::string::npos) known.assign(names.begin(), names.end());
    throw input_error(option, ": no variable or cell is called ", quoted(glob),
                      did_you_mean(glob, known));
  }
  return named_TV;
}

}  // namespace limbic::worlds
