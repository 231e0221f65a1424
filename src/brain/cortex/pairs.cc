#include "limbic/brain/cortex/pairs.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <tuple>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/worlds/site.h"

namespace limbic::brain {
namespace {

struct Scalar {
  const worlds::Variable* variable;
  int64_t tick, cell, number, site;

  [[nodiscard]] auto name() const { return std::tie(variable->name, tick, cell); }
};

std::vector<Scalar> scalars_by_name(const worlds::Schema& schema) {
  std::vector<Scalar> scalars;
  int64_t number = 0, index = 0;
  for (const worlds::Site& site : worlds::cortical_sites(schema)) {
    const auto& variable = schema[site.variable];
    if (variable.kind == worlds::Kind::kScalar)
      scalars.push_back({&variable, site.tick, site.cell, number, index});
    number += variable.size;
    ++index;
  }
  std::ranges::sort(scalars, {}, &Scalar::name);
  return scalars;
}

at::Tensor log_size(const at::Tensor& r) { return (r.abs() + 1e-4).log(); }

}  // namespace

PairsImpl::PairsImpl(const worlds::Schema& schema) {
  const auto scalars = scalars_by_name(schema);
  const auto count = std::ssize(scalars);
  if (count > kMaxScalars) {
    throw input_error("direct.pairs compares at most ", kMaxScalars,
                      " scalars with each other, and this world has ", count);
  }
  std::vector<int64_t> number, site;
  std::vector<float> scale, center;
  for (const Scalar& scalar : scalars) {
    number.push_back(scalar.number);
    site.push_back(scalar.site);
    scale.push_back(static_cast<float>(scalar.variable->scale));
    center.push_back(static_cast<float>(scalar.variable->center));
  }
  number_ = register_buffer("number", at::tensor(number, at::kLong));
  scale_ = register_buffer("scale", at::tensor(scale));
  center_ = register_buffer("center", at::tensor(center));
  pair_ = register_buffer("pair", at::triu_indices(count, count, 1));
  const auto own = at::tensor(site, at::kLong);
  const auto both = own.index_select(0, pair_.flatten()).view({2, -1});
  sites_ = register_buffer("sites", at::cat({both, both, own.expand({2, -1})}, 1));
}

at::Tensor PairsImpl::of_rows(const at::Tensor& numbers) const {
  const auto z_BK = numbers.index_select(1, number_);
  const auto first = pair_[0], second = pair_[1];
  const auto y_BK = z_BK * scale_ + center_;
  const auto unit_P = (scale_.index_select(0, first) * scale_.index_select(0, second)).sqrt();
  const auto r_BP = (y_BK.index_select(1, first) - y_BK.index_select(1, second)) / unit_P;
  return at::cat({log_size(r_BP), (64 * r_BP).asinh() / 5, log_size(z_BK)}, 1);
}

at::Tensor PairsImpl::forward(const at::Tensor& numbers, const at::Tensor& sees) const {
  return of_rows(numbers).repeat_interleave(sees.size(0) / numbers.size(0), 0) *
         (sees.index_select(1, sites_[0]) * sees.index_select(1, sites_[1]));
}

}  // namespace limbic::brain
