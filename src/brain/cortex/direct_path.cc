#include "limbic/brain/cortex/direct_path.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <utility>

#include "limbic/brain/cortex/direct_kernels.h"
#include "limbic/brain/cortex/gradient_places.h"
#include "limbic/brain/init.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Kind;

QueryState QueryState::select(const at::Tensor& index) const {
  return {state.index_select(0, index),
          numbers.defined() ? numbers.index_select(0, index) : numbers, base.select(index)};
}

int64_t count_numbers(const worlds::Schema& schema) {
  int64_t count = 0;
  for (const worlds::Site& site : worlds::cortical_sites(schema))
    count += schema[site.variable].size;
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

at::Tensor at_three_scales(const at::Tensor& r) {
  return at::cat({r.tanh(), (8 * r).asinh() / 3, (64 * r).asinh() / 5}, 1);
}

// With more than so many numbers a site, adding up what sites bring is faster than one product.
constexpr int64_t kNumbersASite = 2;

}  // namespace

DirectPathImpl::DirectPathImpl(const TransformerConfig& config, const worlds::Schema& schema,
                               const Stream& stream, std::shared_ptr<Dropout> dropout)
    : schema_(schema), dropout_(std::move(dropout)), shows_numbers_(config.direct.reads > 0) {
  const auto sites = worlds::cortical_sites(schema);
  const int64_t width = config.direct.width;
  std::vector<int64_t> site_of_number;
  auto site = at::empty({std::ssize(sites), width});
  auto sees = at::empty({width, std::ssize(sites)});
  auto reads = at::empty({width, count_numbers(schema)});
  const int64_t contrasts = config.direct.contrasts;
  auto contrast = at::empty({contrasts, count_numbers(schema)});
  if (config.direct.pairs) pairs_ = register_module("pairs", Pairs(schema));
  const int64_t from_trunk = config.blocks > 0 ? config.width : 0;
  const int64_t from_pairs = config.direct.pairs ? pairs_->size() : 0;
  const auto inputs = static_cast<double>(from_trunk + reads.size(1) + std::ssize(sites) +
                                          3 * contrasts + from_pairs);
  const double deviation = std::sqrt(2 / inputs);
  for (int64_t s = 0; s < std::ssize(sites); ++s) {  // by name, so that order means nothing
    const auto& variable = schema[sites[s].variable];
    const Stream own = stream.child(variable.name).at(sites[s].tick).at(sites[s].cell);
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
  layers_.site = register_parameter("site", site);
  auto in = at::cat({reads, sees}, 1);
  if (from_trunk > 0)
    in = at::cat({normal_init(stream.child("state"), {width, from_trunk}, deviation), in}, 1);
  if (contrasts > 0) {
    contrast_ = register_parameter("contrast", differences(contrast));
    in =
        at::cat({in, normal_init(stream.child("contrasts"), {width, 3 * contrasts}, deviation)}, 1);
  }
  if (from_pairs > 0)
    in = at::cat({in, normal_init(stream.child("pairs"), {width, from_pairs}, deviation)}, 1);
  layers_.in = register_parameter("in", in.contiguous());
  add_layers(config, stream);
  index_features();
}

// After the first, and what sites modulate.
void DirectPathImpl::add_layers(const TransformerConfig& config, const Stream& stream) {
  const auto of_sites = layers_.site.sizes();
  const int64_t width = of_sites[1];
  for (int64_t layer = 0; layer < config.direct.layers; ++layer) {
    const std::string number = std::to_string(layer);
    if (config.direct.film)
      layers_.gain.push_back(register_parameter("gain" + number, at::zeros(of_sites)));
    if (layer == 0) continue;
    layers_.weight.push_back(register_parameter(
        "weight" + number,
        linear_init(stream.child("layer").at(layer), width, width).mul_(std::sqrt(2.0))));
    const auto bias = config.direct.film ? at::zeros(of_sites) : at::zeros({width});
    layers_.bias.push_back(register_parameter("bias" + number, bias));
  }
}

// Which sites each of [numbers, sees, pairs] belongs to.
void DirectPathImpl::index_features() {
  auto sites = at::cat({site_of_number_, at::arange(layers_.site.size(0))}).expand({2, -1});
  if (!pairs_.is_empty()) sites = at::cat({sites, pairs_->sites()}, 1);
  sites = sites.to(at::kInt).contiguous();
  const auto* const first = sites.const_data_ptr<int32_t>();
  first_.assign(first, first + sites.size(1));
  second_.assign(first + sites.size(1), first + 2 * sites.size(1));
}

at::Tensor DirectPathImpl::numbers(const worlds::Episodes& episodes) const {
  std::vector<at::Tensor> columns;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != Access::kCortex) continue;
    const auto& value = episodes.value[i];
    // one_hot would ask the device for its largest value
    const auto column = variable.kind == Kind::kCategory
                            ? value.unsqueeze(-1)
                                  .eq(at::arange(variable.size, value.options()))
                                  .to(layers_.site.scalar_type())
                            : worlds::standard_units(variable, value);
    columns.push_back(column.reshape({episodes.num_rows(), -1}));
  }
  return at::cat(columns, 1);
}

// What each site adds to W x where it is seen: [B, S, width] of weights [width, N].
at::Tensor DirectPathImpl::by_site(const at::Tensor& numbers, const at::Tensor& weight) const {
  std::vector<at::Tensor> parts;
  int64_t begin = 0;
  for (const auto& variable : schema_.variables()) {
    if (variable.access != Access::kCortex) continue;
    const int64_t sites = variable.num_ticks * variable.num_cells, count = sites * variable.size;
    const auto x = numbers.narrow(1, begin, count).view({-1, sites, variable.size});
    const auto w = weight.narrow(1, begin, count).reshape({-1, sites, variable.size});
    parts.push_back(at::bmm(x.transpose(0, 1), w.permute({1, 2, 0})));
    begin += count;
  }
  return at::cat(parts, 0).transpose(0, 1);
}

// A [state, numbers, sees, f(C numbers), pairs], a row's numbers read once.
at::Tensor DirectPathImpl::read_by_site(const at::Tensor& state, const at::Tensor& numbers,
                                        const at::Tensor& sees) const {
  const int64_t rows = numbers.size(0), queries = sees.size(0);
  const int64_t from_trunk = state.defined() ? state.size(1) : 0;
  const auto sees_BQS = sees.view({rows, queries / rows, sees.size(1)});
  const auto read = [&](const at::Tensor& of_site_BSH) {
    return at::bmm(sees_BQS, of_site_BSH).view({queries, of_site_BSH.size(2)});
  };
  const auto numbers_in = layers_.in.narrow(1, from_trunk, numbers.size(1));
  const auto sees_in = layers_.in.narrow(1, from_trunk + numbers.size(1), sees.size(1));
  auto h = read(by_site(numbers, numbers_in) + sees_in.t());
  if (state.defined()) h = h + at::linear(state, layers_.in.narrow(1, 0, from_trunk));
  int64_t begin = from_trunk + numbers.size(1) + sees.size(1);
  const auto add = [&](const at::Tensor& x) {
    h = h + at::linear(x, layers_.in.narrow(1, begin, x.size(1)));
    begin += x.size(1);
  };
  if (contrast_.defined()) add(at_three_scales(read(by_site(numbers, contrast_))));
  if (!pairs_.is_empty()) add(pairs_->forward(numbers, sees));
  return h;
}

// What the first layer reads of each query.
at::Tensor DirectPathImpl::inputs(const at::Tensor& state, const at::Tensor& numbers,
                                  const at::Tensor& seen, const at::Tensor& sees) const {
  std::vector<at::Tensor> parts{seen, sees};
  if (state.defined()) parts.insert(parts.begin(), state);
  if (contrast_.defined()) parts.push_back(at_three_scales(at::linear(seen, contrast_)));
  if (!pairs_.is_empty()) parts.push_back(pairs_->forward(numbers, sees));
  return at::cat(parts, 1);
}

// What follows from a row's numbers alone, as its queries see it: [numbers, sees, pairs].
at::Tensor DirectPathImpl::fused_inputs(const at::Tensor& numbers, const at::Tensor& sees) const {
  const int64_t rows = numbers.size(0);
  std::vector<at::Tensor> parts{numbers, at::ones({rows, sees.size(1)}, sees.options())};
  if (!pairs_.is_empty()) parts.push_back(pairs_->of_rows(numbers));
  const auto of_row = at::cat(parts, 1);
  auto seen = at::empty({sees.size(0), of_row.size(1)}, of_row.options());
  by_type(of_row.scalar_type(), [&]<class T>(T) {
    kernels::see_features({rows, sees.size(0) / rows, of_row.size(1), sees.size(1), first_.data(),
                           second_.data(), of_row.const_data_ptr<T>(), sees.const_data_ptr<T>()},
                          seen.mutable_data_ptr<T>());
  });
  return seen;
}

QueryState DirectPathImpl::forward(const at::Tensor& state, const at::Tensor& numbers,
                                   const at::Tensor& sees, const at::Tensor& site,
                                   Workspaces* fused) {
  const bool is_by_site = numbers.size(1) > kNumbersASite * sees.size(1);
  const bool follows = fused && !is_by_site && !state.defined() && !contrast_.defined() &&
                       !numbers.requires_grad();  // to which fused_inputs passes no gradient
  at::Tensor x, seen;
  if (follows) {
    x = fused_inputs(numbers, sees);
    if (shows_numbers_) seen = x.narrow(1, 0, numbers.size(1)).contiguous();
  } else {
    if (shows_numbers_ || !is_by_site) {
      const int64_t queries = sees.size(0) / numbers.size(0);
      seen = numbers.repeat_interleave(queries, 0) * sees.index_select(1, site_of_number_);
    }
    x = is_by_site ? read_by_site(state, numbers, sees) : inputs(state, numbers, seen, sees);
  }
  return {run_layers(x, is_by_site, site, fused), shows_numbers_ ? seen : at::Tensor()};
}

// From the inputs of the first layer, or from what its product makes of them.
at::Tensor DirectPathImpl::run_layers(const at::Tensor& x, bool is_product, const at::Tensor& site,
                                      Workspaces* fused) {
  if (fused) {
    Layers layers = layers_;
    if (is_product) layers.in = at::Tensor();
    for (size_t layer = 0; dropout_->is_active() && layer <= layers_.weight.size(); ++layer)
      layers.factor.push_back(dropout_->factors({x.size(0), layers_.site.size(1)}, x.options()));
    return fused_layers(x, site, layers, *fused);
  }
  const auto with_gain = [&](const at::Tensor& h, size_t layer) {
    return layers_.gain.empty() ? h : h * (1 + layers_.gain[layer].index_select(0, site));
  };
  auto h = is_product ? x : at::linear(x, layers_.in);
  h = with_gain((*dropout_)((h + layers_.site.index_select(0, site)).relu_()), 0);
  for (size_t layer = 0; layer < layers_.weight.size(); ++layer) {
    const auto &weight = layers_.weight[layer], &bias = layers_.bias[layer];
    const auto z = bias.dim() == 1 ? at::linear(h, weight, bias)
                                   : at::linear(h, weight) + bias.index_select(0, site);
    h = with_gain((*dropout_)(z.relu()), layer + 1);
  }
  return h;
}

}  // namespace limbic::brain
