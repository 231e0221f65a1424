#pragma once

#include <ATen/ATen.h>

#include <string>
#include <vector>

#include "limbic/brain/steering/program.h"

namespace limbic::brain {

/// One row of four ticks in which every variable is ABSENT until it is set.
///
///   picture   2 cells of 3 numbers at tick 0, for the cortex
///   retina    4 numbers, primitive           face      a number, primitive
///   touch     a number at ticks 0 and 1, primitive
///   whiskers  3 cells of a number, primitive smell     none, smoke or bread, primitive
///   steps     a number from 0 to 4 stored as a category, primitive
///   threat    no or yes at tick 0, a label
class LittleWorld {
 public:
  LittleWorld() : schema(variables(), 4), episodes(worlds::empty_episodes(schema, 1)) {}

  /// Sets a variable from its first tick on; what is beyond `values` stays ABSENT.
  void set(const std::string& name, const std::vector<double>& values) {
    const int64_t i = schema.require(name);
    at::Tensor column = episodes.value[i];
    const int64_t ticks = std::ssize(values) / (column.numel() / column.size(1));
    const at::Tensor given = at::tensor(values, at::kDouble);
    at::Tensor target = column.narrow(1, 0, ticks);
    target.copy_(given.view(target.sizes()));
    episodes.present_BTV.narrow(1, 0, ticks)
        .narrow(2, schema.offset(i), schema[i].num_cells)
        .fill_(true);
  }
  void remove_cell(const std::string& name, int64_t cell) {
    episodes.present_BTV.select(2, schema.offset(schema.require(name)) + cell).fill_(false);
  }
  void remove_tick(const std::string& name, int64_t tick) {
    const int64_t i = schema.require(name);
    episodes.present_BTV.select(1, tick)
        .narrow(1, schema.offset(i), schema[i].num_cells)
        .fill_(false);
  }

  worlds::Schema schema;
  worlds::Episodes episodes;

 private:
  static std::vector<worlds::Variable> variables() {
    using worlds::Access;
    using worlds::Kind;
    std::vector<worlds::Variable> all{
        {.name = "picture", .kind = Kind::kVector, .size = 3, .num_cells = 2, .modality = "sight"},
        {.name = "retina", .kind = Kind::kVector, .size = 4, .num_ticks = 4, .modality = "retina"},
        {.name = "face", .num_ticks = 4, .modality = "face"},
        {.name = "touch", .num_ticks = 2, .modality = "touch"},
        {.name = "whiskers", .num_cells = 3, .num_ticks = 4, .modality = "touch"},
        {.name = "smell", .kind = Kind::kCategory, .size = 3, .num_ticks = 4, .modality = "smell"},
        {.name = "steps", .kind = Kind::kCategory, .size = 5, .num_ticks = 4, .modality = "body"},
        {.name = "threat", .kind = Kind::kCategory, .size = 2, .modality = "label"}};
    for (size_t i = 1; i < all.size(); ++i) all[i].access = Access::kPrimitive;
    all[5].names = {"none", "smoke", "bread"};
    all[7].names = {"no", "yes"};
    all[7].access = Access::kLabel;
    return all;
  }
};

inline SteeringConfig steering(const std::string& yaml) {
  return config::parse<SteeringConfig>(yaml, "a.yaml");
}

/// An expression as if written in e.yaml, line 1, from the first column on.
inline config::Located written(const std::string& text) {
  return {text, {std::make_shared<const std::string>("e.yaml"), 1, 1}};
}

/// Row 0 of a [B, T] tensor.
inline std::vector<float> ticks_of(const at::Tensor& value_BT) {
  const at::Tensor row = value_BT[0].to(at::kFloat).contiguous();
  return {row.data_ptr<float>(), row.data_ptr<float>() + row.numel()};
}

/// Row 0 of column i of a [B, T, N] tensor.
inline std::vector<float> of(const at::Tensor& x_BTN, int64_t i) {
  return ticks_of(x_BTN.select(2, i));
}

/// A scorecard of one row whose assessor i says means[i] at every tick.
inline Scorecard says(const std::vector<float>& means) {
  const at::Tensor mean_N = at::tensor(means);
  return {.raw_BTN = {},
          .mean_BTN = mean_N.expand({1, 4, mean_N.size(0)}).clone().requires_grad_(),
          .variance_BTN = {}};
}

}  // namespace limbic::brain
