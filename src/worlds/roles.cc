#include "limbic/worlds/roles.h"

#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace limbic::worlds {

Roles Roles::rows(int64_t begin, int64_t end) const {
  return {observed_BTV.slice(0, begin, end), asked_BTV.slice(0, begin, end)};
}

at::Tensor hidden_cells(const Roles& roles) {
  return roles.asked_BTV.logical_and(roles.observed_BTV.logical_not());
}

Roles repeat_rows(const Roles& roles, int64_t times) {
  return {roles.observed_BTV.repeat_interleave(times, /*dim=*/0),
          roles.asked_BTV.repeat_interleave(times, /*dim=*/0)};
}

at::Tensor own_cells(const at::Tensor& x_TV, const Schema& schema, int64_t i) {
  return x_TV.narrow(-2, 0, schema[i].num_ticks).narrow(-1, schema.offset(i), schema[i].num_cells);
}

at::Tensor cortical_cells(const Schema& schema) {
  at::Tensor seen_TV = at::zeros({schema.num_ticks(), schema.num_cells()}, at::kBool);
  for (int64_t i = 0; i < schema.size(); ++i)
    if (schema[i].access == Access::kCortex) own_cells(seen_TV, schema, i).fill_(true);
  return seen_TV;
}

at::Tensor visible(const Episodes& episodes, const Schema& schema) {
  return episodes.present_BTV.logical_and(cortical_cells(schema));
}

Roles ask_the_rest(const Episodes& episodes, const Schema& schema, const at::Tensor& observed_BTV) {
  TORCH_CHECK(
      observed_BTV.sizes() == episodes.present_BTV.sizes() && observed_BTV.dtype() == at::kBool,
      "observed_BTV must be bool ", episodes.present_BTV.sizes(), ", got ", observed_BTV.dtype(),
      " ", observed_BTV.sizes());
  return {observed_BTV, visible(episodes, schema).logical_and(observed_BTV.logical_not())};
}

}  // namespace limbic::worlds
