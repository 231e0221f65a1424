#include "limbic/brain/cortex/direct_path.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "limbic/brain/init.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Kind;

QueryState QueryState::select(const at::Tensor& index) const {
  return {state.index_select(0, index),
          numbers.defined() ? numbers.index_select(0, index) : numbers};
}

int64_t count_numbers(const worlds::Schema& schema) {
  int64_t count = 0;
  for (const Site& site : cortical_sites(schema)) count += schema[site.variable].size;
  return count;
}

namespace {

// In each row 1 where the lot is largest, -1 where it is second: [R, N].
at::Tensor differences(const at::Tensor& lot) {
  const int64_t count = std::min<int64_t>(2, lot.size(1));
  const auto first = std::get<1>(lot.topk(count, 1));
  const auto sign = at::tensor({1.0F, -1.0F}).narrow(0, 0, count).expand(first.sizes());
  return at::zeros_like(lot).scatter(1, first, sign);
}

}  // namespace

DirectPathImpl::DirectPathImpl(const TransformerConfig& config, const worlds::Schema& schema,
                               const Stream& stream, std::shared_ptr<Dropout> dropout)
    : schema_(schema), dropout_(std::move(dropout)) {
  const auto sites = cortical_sites(schema);
  const int64_t width = config.direct.width;
  std::vector<int64_t> site_of_number;
  auto site = at::empty({std::ssize(sites), width});
  auto sees = at::empty({width, std::ssize(sites)});
  auto reads = at::empty({width, count_numbers(schema)});
  const int64_t contrasts = config.direct.contrasts;
  auto contrast = at::empty({contrasts, count_numbers(schema)});
  const int64_t from_trunk = config.blocks > 0 ? config.width : 0;
  const auto inputs =
      static_cast<double>(from_trunk + reads.size(1) + std::ssize(sites) + 3 * contrasts);
  const double deviation = std::sqrt(2 / inputs);
  for (int64_t s = 0; s < std::ssize(sites); ++s) {  // by name, so that order means nothing
    const auto& variable = schema[sites[s].variable];
    const Stream own = stream.child(variable.name)
                           .at(sites[s].tick)
                           .at(sites[s].cell - schema.offset(sites[s].variable));
    site[s].copy_(normal_init(own.child("site"), {width}, 0.3));
    sees.select(1, s).copy_(normal_init(own.child("sees"), {width}, deviation));
    const auto begin = static_cast<int64_t>(site_of_number.size());
    site_of_number.insert(site_of_number.end(), variable.size, s);
    reads.narrow(1, begin, variable.size)
        .copy_(normal_init(own.child("numbers"), {width, variable.size}, deviation));
    contrast.narrow(1, begin, variable.size)
        .copy_(own.child("contrast").uniform({contrasts, variable.size}));
  }
  site_of_number_ = register_buffer("site_of_number", at::tensor(site_of_number, at::kLong));
  site_ = register_parameter("site", site);
  auto in = at::cat({reads, sees}, 1);
  if (from_trunk > 0)
    in = at::cat({normal_init(stream.child("state"), {width, from_trunk}, deviation), in}, 1);
  if (contrasts > 0) {
    contrast_ = register_parameter("contrast", differences(contrast));
    in =
        at::cat({in, normal_init(stream.child("contrasts"), {width, 3 * contrasts}, deviation)}, 1);
  }
  in_ = register_parameter("in", in.contiguous());
  for (int64_t layer = 1; layer < config.direct.layers; ++layer) {
    const std::string number = std::to_string(layer);
    weight_.push_back(register_parameter(
        "weight" + number,
        linear_init(stream.child("layer").at(layer), width, width).mul_(std::sqrt(2.0))));
    bias_.push_back(register_parameter("bias" + number, at::zeros({width})));
  }
}

at::Tensor DirectPathImpl::numbers(const worlds::Episodes& episodes) const {
  std::vector<at::Tensor> columns;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != Access::kCortex) continue;
    const auto& value = episodes.value[i];
    const auto column = variable.kind == Kind::kCategory
                            ? at::one_hot(value, variable.size).to(site_.scalar_type())
                            : worlds::standard_units(variable, value);
    columns.push_back(column.reshape({episodes.num_rows(), -1}));
  }
  return at::cat(columns, 1);
}

QueryState DirectPathImpl::forward(const at::Tensor& state, const at::Tensor& numbers,
                                   const at::Tensor& sees, const at::Tensor& site) {
  const auto seen = numbers * sees.index_select(1, site_of_number_);
  std::vector<at::Tensor> inputs{seen, sees};
  if (state.defined()) inputs.insert(inputs.begin(), state);
  if (contrast_.defined()) {
    const auto r = at::linear(seen, contrast_);
    inputs.insert(inputs.end(), {r.tanh(), (8 * r).asinh() / 3, (64 * r).asinh() / 5});
  }
  auto h = at::linear(at::cat(inputs, 1), in_) + site_.index_select(0, site);
  h = (*dropout_)(h.relu_());
  for (size_t layer = 0; layer < weight_.size(); ++layer)
    h = (*dropout_)(at::linear(h, weight_[layer], bias_[layer]).relu_());
  return {h, seen};
}

}  // namespace limbic::brain
