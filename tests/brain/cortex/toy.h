#pragma once

#include <ATen/ATen.h>

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/worlds/episodes.h"
#include "limbic/worlds/roles.h"

/// A schema with a variable of every kind and access, random episodes of it, and roles as text.
namespace limbic::brain::toy {

inline constexpr int64_t kX = 0, kC = 1, kV = 2, kEye = 3, kLabel = 4;

/// Cells in a row: x, c[0], c[1], v[0], v[1], eye, label.
inline std::vector<worlds::Variable> variables(int64_t num_ticks) {
  using worlds::Access;
  using worlds::Kind;
  const int64_t t = num_ticks;
  return {{.name = "x", .num_ticks = t, .modality = "sight", .center = 1.0, .scale = 2.0},
          {.name = "c", .kind = Kind::kCategory, .size = 3, .num_cells = 2, .modality = "word"},
          {.name = "v",
           .kind = Kind::kVector,
           .size = 3,
           .num_cells = 2,
           .num_ticks = t,
           .modality = "sound",
           .center = -1.0,
           .scale = 0.5},
          {.name = "eye", .num_ticks = t, .modality = "eye", .access = Access::kPrimitive},
          {.name = "label", .kind = Kind::kCategory, .size = 2, .access = Access::kLabel}};
}
inline worlds::Schema schema(int64_t num_ticks = 1) { return {variables(num_ticks), num_ticks}; }

/// Every cell present, drawn at random.
inline worlds::Episodes episodes(const worlds::Schema& schema, int64_t num_rows, int64_t seed = 1) {
  worlds::Episodes all = worlds::empty_episodes(schema, num_rows);
  for (int64_t i = 0; i < schema.size(); ++i) {
    const Stream stream = Stream(seed).child(schema[i].name);
    const auto shape = all.value[i].sizes();
    const bool is_category = schema[i].kind == worlds::Kind::kCategory;
    all.value[i] = is_category ? stream.below(schema[i].size, shape)
                               : stream.normal(shape) * schema[i].scale + schema[i].center;
    worlds::own_cells(all.present_BTV, schema, i).fill_(true);
  }
  return all;
}

/// One text a row, a letter a cell, tick after tick: o observed, h hidden and asked, e observed and
/// asked (an echo), . neither. Spaces and bars count for nothing.
inline worlds::Roles roles(const worlds::Schema& schema, std::vector<std::string> rows) {
  const std::vector<int64_t> shape{std::ssize(rows), schema.num_ticks(), schema.num_cells()};
  worlds::Roles result{at::zeros(shape, at::kBool), at::zeros(shape, at::kBool)};
  for (int64_t row = 0; row < shape[0]; ++row) {
    std::erase_if(rows[row], [](char c) { return c == ' ' || c == '|'; });
    TORCH_CHECK(std::ssize(rows[row]) == shape[1] * shape[2], "roles of row ", row);
    for (int64_t i = 0; i < std::ssize(rows[row]); ++i) {
      const char role = rows[row][i];
      result.observed_BTV[row].view(-1)[i] = role == 'o' || role == 'e';
      result.asked_BTV[row].view(-1)[i] = role == 'h' || role == 'e';
    }
  }
  return result;
}

/// Cells are ranked as their numbers stand here, the same in every row.
inline at::Tensor rank(const worlds::Roles& roles, const std::vector<int64_t>& numbers) {
  const auto& shape = roles.asked_BTV.sizes();
  return at::tensor(numbers, at::kLong).view({1, shape[1], shape[2]}).expand(shape).contiguous();
}
inline at::Tensor forwards(const worlds::Roles& roles) {
  const int64_t cells = roles.asked_BTV[0].numel();
  return at::arange(cells, at::kLong).view_as(roles.asked_BTV[0]).expand_as(roles.asked_BTV);
}

/// Other values in the cell `cell` of variable i at `tick`, in every row or in one.
inline worlds::Episodes moved(worlds::Episodes episodes, int64_t i, int64_t cell, int64_t tick = 0,
                              int64_t row = -1) {
  episodes.value[i] = episodes.value[i].clone();
  const bool is_category = episodes.value[i].scalar_type() == at::kLong;
  auto rows = row < 0 ? episodes.value[i] : episodes.value[i].narrow(0, row, 1);
  auto there = rows.select(1, tick).select(1, cell);
  there.copy_(is_category ? (there + 1).remainder(3) : there + 0.7);
  return episodes;
}

/// All parameters of all marginals, one tensor [B, n] after another.
inline std::vector<at::Tensor> tensors(const Marginals& marginals) {
  std::vector<at::Tensor> all;
  for (const Distribution& one : marginals) {
    if (const auto* categorical = std::get_if<Categorical>(&one)) {
      if (categorical->logits.defined()) all.push_back(categorical->logits.flatten(1));
      continue;
    }
    const auto& m = std::get<GaussianMixture>(one);
    for (const auto& part : {m.logits, m.mean, m.scale, m.factor}) all.push_back(part.flatten(1));
  }
  return all;
}

inline double distance(const at::Tensor& a, const at::Tensor& b) {
  TORCH_CHECK(a.sizes() == b.sizes(), "compared ", a.sizes(), " with ", b.sizes());
  return a.numel() == 0 ? 0.0 : (a - b).abs().max().item<double>();
}
inline double distance(const Marginals& a, const Marginals& b) {
  const auto left = tensors(a), right = tensors(b);
  TORCH_CHECK(left.size() == right.size(), "compared marginals of two schemas");
  double worst = 0;
  for (size_t i = 0; i < left.size(); ++i) worst = std::max(worst, distance(left[i], right[i]));
  return worst;
}
inline Marginals only(const Marginals& marginals, std::initializer_list<int64_t> variables) {
  Marginals chosen;
  for (const int64_t i : variables) chosen.push_back(marginals[i]);
  return chosen;
}

}  // namespace limbic::brain::toy
