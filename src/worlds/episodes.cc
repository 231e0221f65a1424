#include "limbic/worlds/episodes.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/where.h>
#include <ATen/ops/zeros.h>
#include <c10/util/Exception.h>

namespace limbic::worlds {
namespace {

// `change` done to every column and to present_BTV.
Episodes each_column(const Episodes& episodes, auto&& change) {
  Episodes changed{.value = {}, .present_BTV = change(episodes.present_BTV)};
  changed.value.reserve(episodes.value.size());
  for (const at::Tensor& value : episodes.value) changed.value.push_back(change(value));
  return changed;
}

}  // namespace

Episodes Episodes::to(at::Device device) const {
  Episodes moved{.value = {}, .present_BTV = present_BTV};
  moved.value.reserve(value.size());
  for (const at::Tensor& column : value) moved.value.push_back(column.to(device));
  return moved;
}

Episodes Episodes::rows(int64_t begin, int64_t end) const {
  return each_column(*this, [&](const at::Tensor& x) { return x.slice(0, begin, end); });
}

Episodes empty_episodes(const Schema& schema, int64_t num_rows) {
  Episodes episodes;
  for (const Variable& variable : schema.variables()) {
    std::vector<int64_t> shape{num_rows, variable.num_ticks, variable.num_cells};
    if (variable.kind == Kind::kVector) shape.push_back(variable.size);
    const auto dtype = variable.kind == Kind::kCategory ? at::kLong : at::kFloat;
    episodes.value.push_back(at::zeros(shape, dtype));
  }
  episodes.present_BTV = at::zeros({num_rows, schema.num_ticks(), schema.num_cells()}, at::kBool);
  return episodes;
}

Episodes repeat_rows(const Episodes& episodes, int64_t times) {
  return each_column(episodes,
                     [&](const at::Tensor& x) { return x.repeat_interleave(times, /*dim=*/0); });
}

Episodes pick_rows(const Episodes& episodes, const at::Tensor& index) {
  return each_column(episodes,
                     [&](const at::Tensor& x) { return x.index_select(0, index.to(x.device())); });
}

void take_rows(const at::Tensor& taken_B, const Episodes& from, Episodes& into) {
  for (size_t i = 0; i < into.value.size(); ++i) {
    at::Tensor& column = into.value[i];
    std::vector<int64_t> shape(column.dim(), 1);
    shape[0] = -1;
    column = at::where(taken_B.to(column.device()).view(shape), from.value[i], column);
  }
}

Episodes concatenate(const std::vector<Episodes>& parts) {
  TORCH_CHECK(!parts.empty(), "concatenate needs at least one part");
  const auto joined = [&](auto&& column_of) {
    std::vector<at::Tensor> columns;
    for (const Episodes& part : parts) columns.push_back(column_of(part));
    return at::cat(columns);
  };
  Episodes whole;
  for (size_t i = 0; i < parts.front().value.size(); ++i) {
    whole.value.push_back(joined([i](const Episodes& part) { return part.value[i]; }));
  }
  whole.present_BTV = joined([](const Episodes& part) { return part.present_BTV; });
  return whole;
}

}  // namespace limbic::worlds
