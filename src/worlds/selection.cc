#include "limbic/worlds/selection.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <numeric>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/worlds/site.h"

namespace limbic::worlds {
namespace {

std::vector<std::string> cortical_names(const Schema& schema) {
  std::vector<std::string> names;
  for (const Variable& variable : schema.variables()) {
    if (variable.access == Access::kCortex) names.push_back(variable.name);
  }
  return names;
}

std::vector<std::string> cortical_names_and_modalities(const Schema& schema) {
  std::vector<std::string> names = cortical_names(schema);
  for (const std::string& modality : schema.modalities()) {
    if (std::ranges::find(names, modality) == names.end()) names.push_back(modality);
  }
  return names;
}

constexpr std::string_view kNow = "@now", kNext = "@next", kPast = "@past";

// What a glob that ends in a moment speaks of; empty where it ends in none, or is a variable's own
// name.
std::string_view before_moment(const Schema& schema, std::string_view glob) {
  if (schema.find(glob) >= 0) return {};
  for (const std::string_view moment : {kNow, kNext, kPast})
    if (glob.ends_with(moment)) return glob.substr(0, glob.size() - moment.size());
  return {};
}

// Whether a glob that ends in a moment means this tick.
bool means(std::string_view glob, int64_t tick, int64_t now) {
  return glob.ends_with(kPast) ? tick < now : tick == now + glob.ends_with(kNext);
}

bool names(const std::string& glob, const Schema& schema, const Site& site, int64_t now) {
  const Variable& variable = schema[site.variable];
  if (const std::string_view of = before_moment(schema, glob); !of.empty())
    return (matches_glob(of, variable.name) || matches_glob(of, variable.modality)) &&
           means(glob, site.tick, now);
  return is_named(schema, site, glob);
}

// Of the longest variable that a glob names; 0 where the cortex sees none.
int64_t most_ticks(std::string_view glob, const Schema& schema) {
  int64_t ticks = 0;
  for (const Variable& variable : schema.variables()) {
    const bool fits = matches_glob(glob, variable.name) || matches_glob(glob, variable.modality);
    if (fits && variable.access == Access::kCortex) ticks = std::max(ticks, variable.num_ticks);
  }
  return ticks;
}

// Everything that a glob with an '@' or a '[' may say, near which a mistyped one lies.
std::vector<std::string> cell_names(const Schema& schema) {
  const std::vector<Site> sites = cortical_sites(schema);
  std::vector<std::string> names = place_names(schema, sites);
  for (const Site& site : sites) {
    const Variable& variable = schema[site.variable];
    if (variable.num_ticks > 1) names.push_back(concat(variable.modality, "@", site.tick));
  }
  for (const std::string& name : cortical_names_and_modalities(schema))
    for (const std::string_view moment : {kNow, kNext, kPast})
      names.push_back(concat(name, moment));
  return names;
}

bool is_cell(const config::Located& name) {
  return name.text.find_first_of("@[") != std::string::npos;
}

// Of each row's keys, from the lowest on; of equal ones the first comes first.
at::Tensor ranks(const at::Tensor& key_BN) {
  const at::Tensor keys_BN = key_BN.to(at::kDouble).contiguous();
  const int64_t size = keys_BN.size(1);
  at::Tensor rank_BN = at::empty(keys_BN.sizes(), at::kLong);
  std::vector<int64_t> order(size);
  for (int64_t b = 0; b < keys_BN.size(0); ++b) {
    const double* key = keys_BN.const_data_ptr<double>() + b * size;
    int64_t* rank = rank_BN.mutable_data_ptr<int64_t>() + b * size;
    std::iota(order.begin(), order.end(), 0);
    std::ranges::sort(
        order, [key](int64_t i, int64_t j) { return key[i] != key[j] ? key[i] < key[j] : i < j; });
    for (int64_t place = 0; place < size; ++place) rank[order[place]] = place;
  }
  return rank_BN;
}

// `exists`: as something that others than the cortex see.
std::string why_not_seen(const config::Located& name, bool exists,
                         const std::vector<std::string>& known) {
  return exists ? concat("the cortex does not see ", quoted(name.text))
                : concat("the cortex sees no ", is_cell(name) ? "cell" : "variable", " called ",
                         quoted(name.text), did_you_mean(name.text, known));
}

}  // namespace

std::vector<int64_t> select(const Schema& schema, const std::vector<config::Located>& globs) {
  config::Problems problems;
  std::set<int64_t> selected;
  for (const config::Located& glob : globs) {
    const std::vector<int64_t> matched = schema.match(glob.text);
    bool is_seen = false;
    for (const int64_t i : matched) {
      if (schema[i].access != Access::kCortex) continue;
      is_seen = true;
      selected.insert(i);
    }
    if (!is_seen)
      problems.add(glob.mark,
                   why_not_seen(glob, !matched.empty(), cortical_names_and_modalities(schema)));
  }
  problems.raise();
  return {selected.begin(), selected.end()};
}

at::Tensor select_cells(const Schema& schema, const std::vector<config::Located>& globs,
                        int64_t now) {
  config::Problems problems;
  at::Tensor selected_TV = at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool);
  auto selected = selected_TV.accessor<bool, 2>();
  for (const config::Located& glob : globs) {
    const std::string_view of = before_moment(schema, glob.text);
    if (!of.empty()) (void)select(schema, {{.text = std::string(of), .mark = glob.mark}});
    bool is_seen = !of.empty();  // a moment may have no past
    for (const Site& site : sites_of(schema)) {
      if (schema[site.variable].access != Access::kCortex || !names(glob.text, schema, site, now))
        continue;
      is_seen = true;
      selected[site.tick][site.row_cell] = true;
    }
    if (is_seen) continue;
    problems.add(glob.mark, why_not_seen(glob, !schema.match(glob.text).empty(),
                                         is_cell(glob) ? cell_names(schema)
                                                       : cortical_names_and_modalities(schema)));
  }
  problems.raise();
  return selected_TV;
}

bool names_moment(const Schema& schema, const config::Located& glob) {
  return !before_moment(schema, glob.text).empty();
}

int64_t num_moments(const Schema& schema, const std::vector<config::Located>& globs) {
  config::Problems problems;
  const auto has_moment = [&](const config::Located& glob) { return names_moment(schema, glob); };
  int64_t moments = std::ranges::any_of(globs, has_moment) ? schema.num_ticks() : 1;
  for (const config::Located& glob : globs) {
    const std::string_view of = before_moment(schema, glob.text);
    const int64_t ticks = most_ticks(of, schema);
    if (of.empty() || ticks == 0 || glob.text.ends_with(kPast)) continue;
    const int64_t own = glob.text.ends_with(kNext) ? ticks - 1 : ticks;
    moments = std::min(moments, own);
    if (own == 0)
      problems.add(glob.mark,
                   concat(quoted(of), " has one tick, so nothing is ", quoted(glob.text)));
  }
  problems.raise();
  return moments;
}

int64_t select_one(const Schema& schema, const config::Located& name) {
  const int64_t index = schema.find(name.text);
  if (index >= 0 && schema[index].access == Access::kCortex) return index;
  config::refuse(name.mark, why_not_seen(name, index >= 0, cortical_names(schema)));
}

std::string not_a_category(const Variable& variable) {
  const std::string message = quoted(variable.name) + " is not a category";
  if (variable.kind != Kind::kScalar) return message;
  const auto map_of = [](const std::string& key, const config::Node& value) {
    return config::Node::map(std::vector<config::Entry>{{key, {}, value}});
  };
  const config::Node columns =
      map_of(variable.name, map_of("kind", config::Node::scalar("category")));
  return concat(message, "; numbers of a table that name classes are one by ", variable.name,
                ":category in its header, or by `columns: ", config::to_flow_yaml(columns), "`");
}

at::Tensor only(const at::Tensor& mask_BTV, const Schema& schema,
                const std::vector<int64_t>& variables) {
  at::Tensor part_BTV = at::zeros_like(mask_BTV);
  for (const int64_t i : variables) {
    const auto cells = [&](const at::Tensor& x_BTV) {
      return x_BTV.narrow(2, schema.offset(i), schema[i].num_cells);
    };
    cells(part_BTV).copy_(cells(mask_BTV));
  }
  return part_BTV;
}

at::Tensor random_order(const at::Tensor& first_BTV, const Stream& stream) {
  const at::Tensor first = first_BTV.flatten(1);
  return ranks(stream.uniform(first.sizes()) + first.logical_not()).view_as(first_BTV);
}

at::Tensor random_order_of_groups(const at::Tensor& group_BTV, const Stream& stream) {
  const at::Tensor group = group_BTV.flatten(1);
  return ranks(stream.uniform(group.sizes()).to(at::kDouble) + group).view_as(group_BTV);
}

at::Tensor random_subset(const at::Tensor& among_BTV, const Stream& stream) {
  const at::Tensor rank_BTV = random_order(among_BTV, stream.child("order"));
  const at::Tensor count_B11 = among_BTV.sum({1, 2}, /*keepdim=*/true);
  const at::Tensor share_B11 = stream.child("count").uniform(count_B11.sizes());
  const at::Tensor num_B11 = (share_B11.to(at::kDouble) * count_B11).floor();
  return among_BTV.logical_and(rank_BTV < num_B11);
}

at::Tensor cell_sizes(const Schema& schema) {
  at::Tensor size_V = at::ones({schema.num_cells()});
  for (int64_t i = 0; i < schema.size(); ++i) {
    size_V.narrow(0, schema.offset(i), schema[i].num_cells)
        .fill_(static_cast<double>(schema[i].numbers_a_cell()));
  }
  return size_V;
}

}  // namespace limbic::worlds
