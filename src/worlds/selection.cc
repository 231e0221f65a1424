#include "limbic/worlds/selection.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

#include "limbic/config/problems.h"
#include "limbic/core/suggest.h"

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

// `exists`: as something that others than the cortex see.
void refuse(const config::Located& name, bool exists, const std::vector<std::string>& known,
            config::Problems& problems) {
  problems.add(name.mark, exists ? concat("the cortex does not see ", quoted(name.text))
                                 : concat("the cortex sees no variable called ", quoted(name.text),
                                          did_you_mean(name.text, {known.begin(), known.end()})));
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
    if (!is_seen) refuse(glob, !matched.empty(), cortical_names_and_modalities(schema), problems);
  }
  problems.raise();
  return {selected.begin(), selected.end()};
}

int64_t select_one(const Schema& schema, const config::Located& name) {
  const int64_t index = schema.find(name.text);
  if (index >= 0 && schema[index].access == Access::kCortex) return index;
  config::Problems problems;
  refuse(name, index >= 0, cortical_names(schema), problems);
  problems.raise();
  return index;
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
  const at::Tensor key = stream.uniform(first.sizes()) + first.logical_not();
  return key.argsort(/*stable=*/true, /*dim=*/1, /*descending=*/false)
      .argsort(/*dim=*/int64_t{1}, /*descending=*/false)
      .view_as(first_BTV);
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
