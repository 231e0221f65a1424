#include "limbic/worlds/site.h"

#include <ATen/ops/zeros.h>
#include <ATen/ops/zeros_like.h>

#include <algorithm>

#include "limbic/core/error.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"
#include "limbic/worlds/roles.h"

namespace limbic::worlds {

std::vector<Site> sites_of(const Schema& schema) {
  std::vector<Site> sites;
  for (int64_t i = 0; i < schema.size(); ++i) {
    for (int64_t tick = 0; tick < schema[i].num_ticks; ++tick) {
      for (int64_t cell = 0; cell < schema[i].num_cells; ++cell)
        sites.push_back({i, tick, cell, schema.offset(i) + cell});
    }
  }
  return sites;
}

at::Tensor possible_cells(const Schema& schema) {
  at::Tensor possible_TV = at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool);
  for (int64_t i = 0; i < schema.size(); ++i) own_cells(possible_TV, schema, i).fill_(true);
  return possible_TV;
}

std::string ticks_of(const Variable& variable) {
  return variable.num_ticks == 1 ? "tick 0 alone"
                                 : concat("ticks 0 to ", variable.num_ticks - 1, " alone");
}

std::vector<Site> cortical_sites(const Schema& schema) {
  std::vector<Site> sites = sites_of(schema);
  std::erase_if(sites,
                [&](const Site& site) { return schema[site.variable].access != Access::kCortex; });
  return sites;
}

std::string site_name(const Schema& schema, const Site& site) {
  const Variable& variable = schema[site.variable];
  std::string name = variable.name;
  if (variable.num_ticks > 1) name += concat("@", site.tick);
  if (variable.num_cells > 1) name += concat("[", site.cell, "]");
  return name;
}

std::vector<std::string> place_names(const Schema& schema, const std::vector<Site>& sites) {
  std::vector<std::string> names;
  for (const Site& site : sites) {
    names.push_back(site_name(schema, site));
    const Variable& variable = schema[site.variable];
    if (site.cell == 0 && variable.num_cells > 1 && variable.num_ticks > 1)
      names.push_back(concat(variable.name, "@", site.tick));
  }
  return names;
}

bool is_named(const Schema& schema, const Site& site, const std::string& glob) {
  const Variable& variable = schema[site.variable];
  const auto is = [&](const std::string& name) { return matches_glob(glob, name); };
  return is(variable.name) || is(variable.modality) || is(site_name(schema, site)) ||
         is(concat(variable.name, "@", site.tick)) || is(concat(variable.modality, "@", site.tick));
}

bool names_a_site(const Schema& schema, const std::string& glob) {
  return std::ranges::any_of(sites_of(schema),
                             [&](const Site& site) { return is_named(schema, site, glob); });
}

std::vector<std::string> globs_of(const Schema& schema, const std::vector<std::string>& texts) {
  const auto is_glob = [&](const std::string& text) { return names_a_site(schema, text); };
  return between_commas(texts, is_glob);
}

std::string about_commas(const Schema& schema, const std::string& name, const std::string& option) {
  const auto is_whole = [](const std::string&) { return false; };
  for (const std::string& whole : schema.names()) {
    if (whole.find(',') == std::string::npos) continue;
    const std::vector<std::string> parts = between_commas({whole}, is_whole);
    if (std::ranges::find(parts, name) != parts.end())
      return "; a name with a comma stands alone: repeat " + option;
  }
  return "";
}

at::Tensor sites_named(const Schema& schema, const std::vector<std::string>& globs,
                       const std::string& option) {
  const std::vector<Site> sites = sites_of(schema);
  at::Tensor named_TV = at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool);
  auto named = named_TV.accessor<bool, 2>();
  for (const std::string& glob : globs) {
    bool is_any_named = false;
    for (const Site& site : sites) {
      if (!is_named(schema, site, glob)) continue;
      named[site.tick][site.row_cell] = true;
      is_any_named = true;
    }
    if (is_any_named) continue;
    const bool is_cell = glob.find_first_of("@[") != std::string::npos;
    throw input_error(option, ": no variable or cell is called ", quoted(glob),
                      did_you_mean(glob, is_cell ? place_names(schema, sites) : schema.names()),
                      about_commas(schema, glob, option));
  }
  return named_TV;
}

at::Tensor seen_sites_named(const Schema& schema, const std::vector<std::string>& globs,
                            const at::Tensor& seen_TV, const std::string& option) {
  at::Tensor all_TV = at::zeros_like(seen_TV);
  for (const std::string& glob : globs) {
    const at::Tensor named_TV = sites_named(schema, {glob}, option).logical_and(seen_TV);
    if (!named_TV.any().item<bool>())
      throw input_error(option, ": the cortex does not see ", quoted(glob));
    all_TV.logical_or_(named_TV);
  }
  return all_TV;
}

}  // namespace limbic::worlds
