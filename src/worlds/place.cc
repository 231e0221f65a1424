#include "limbic/worlds/place.h"

#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/site.h"

namespace limbic::worlds {
namespace {

// A number below `end` between two marks at the start of `text`, which it is taken from.
std::optional<int64_t> take(std::string_view& text, std::string_view before, std::string_view after,
                            int64_t end) {
  if (!text.starts_with(before)) return std::nullopt;
  int64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data() + before.size(), last, number);
  const std::string_view rest(stop, static_cast<size_t>(last - stop));
  if (error != std::errc() || number < 0 || number >= end || !rest.starts_with(after))
    return std::nullopt;
  text = rest.substr(after.size());
  return number;
}

// What a name says of a variable that it begins with.
std::optional<Place> place_in(const Variable& variable, int64_t index, const std::string& name) {
  if (!name.starts_with(variable.name)) return std::nullopt;
  std::string_view rest = std::string_view(name).substr(variable.name.size());
  Place place{.name = name, .variable = index, .num_cells = variable.num_cells};
  if (const auto tick = take(rest, "@", "", variable.num_ticks)) place.tick = *tick;
  if (const auto cell = take(rest, "[", "]", variable.num_cells)) {
    place.first = *cell;
    place.num_cells = 1;
  }
  return rest.empty() ? std::optional(place) : std::nullopt;
}

}  // namespace

std::optional<Place> Place::find(const Schema& schema, const std::string& name) {
  if (const int64_t whole = schema.find(name); whole >= 0)
    return Place{.name = name, .variable = whole, .num_cells = schema[whole].num_cells};
  for (int64_t i = 0; i < schema.size(); ++i)
    if (const auto place = place_in(schema[i], i, name)) return place;
  return std::nullopt;
}

Place Place::named(const Schema& schema, const std::string& name) {
  if (const auto place = find(schema, name)) return *place;
  if (name.find_first_of("@[") == std::string::npos) (void)schema.require(name);
  throw input_error("no variable or cell is called ", quoted(name),
                    did_you_mean(name, place_names(schema, sites_of(schema))));
}

Place Place::seen(const Schema& schema, const std::string& name) {
  Place place = named(schema, name);
  if (schema[place.variable].access != Access::kCortex)
    throw input_error("the cortex does not see ", quoted(name));
  return place;
}

Variable Place::part_of(const Schema& schema) const {
  Variable part = schema[variable];
  part.name = name;
  part.num_cells = num_cells;
  if (!is_whole(schema)) part.tiling = {};
  return part;
}

at::Tensor Place::of_mask(const at::Tensor& mask_BTV, const Schema& schema) const {
  return mask_BTV.select(1, tick).narrow(1, schema.offset(variable) + first, num_cells);
}

at::Tensor Place::of_own(const at::Tensor& own) const {
  return own.select(1, tick).narrow(1, first, num_cells);
}

std::vector<Place> places_of(const Schema& schema, const at::Tensor& cells_TV) {
  std::vector<Place> places;
  bool is_whole = false;
  for (const Site& site : sites_of(schema)) {
    const Variable& variable = schema[site.variable];
    const at::Tensor own =
        cells_TV[site.tick].narrow(0, schema.offset(site.variable), variable.num_cells);
    if (site.cell == 0) is_whole = own.all().item<bool>();
    if (!own[site.cell].item<bool>() || (is_whole && site.cell > 0)) continue;
    std::string name = site_name(schema, site);
    if (is_whole && variable.num_cells > 1) name.erase(name.rfind('['));
    places.push_back({.name = std::move(name),
                      .variable = site.variable,
                      .tick = site.tick,
                      .first = site.cell,
                      .num_cells = is_whole ? variable.num_cells : 1});
  }
  return places;
}

}  // namespace limbic::worlds
