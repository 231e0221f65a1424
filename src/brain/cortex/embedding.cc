#include "limbic/brain/cortex/embedding.h"

#include <ATen/ATen.h>

#include "limbic/brain/init.h"
#include "limbic/worlds/site.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Kind;

EmbeddingImpl::EmbeddingImpl(const TransformerConfig& config, const worlds::Schema& schema,
                             const Stream& stream)
    : schema_(schema) {
  const int64_t width = config.width;
  std::vector<int64_t> cells, ticks;
  for (const worlds::Site& site : worlds::cortical_sites(schema)) {
    cells.push_back(site.row_cell);
    ticks.push_back(site.tick);
  }
  site_cell_ = register_buffer("site_cell", at::tensor(cells, at::kLong));
  site_tick_ = register_buffer("site_tick", at::tensor(ticks, at::kLong));
  auto cell = at::empty({schema.num_cells(), width});
  for (int64_t i = 0; i < schema.size();
       ++i) {  // by name, so that the order of variables means nothing
    const auto own = cell.narrow(0, schema.offset(i), schema[i].num_cells);
    own.copy_(normal_init(stream.child("cell").child(schema[i].name), own.sizes(), 0.5));
  }
  cell_ = register_parameter("cell", cell);
  tick_ = register_parameter("tick",
                             normal_init(stream.child("tick"), {schema.num_ticks(), width}, 0.5));
  table_.resize(schema.size());
  bool has_scalar = false;
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& variable = schema[i];
    if (variable.access != Access::kCortex) continue;
    has_scalar = has_scalar || variable.kind == Kind::kScalar;
    if (variable.kind == Kind::kScalar) continue;
    const Stream own = stream.child("value").child(variable.name);
    table_[i] = register_parameter(parameter_name("value", variable.name),
                                   variable.kind == Kind::kCategory
                                       ? normal_init(own, {variable.size, width}, 0.5)
                                       : linear_init(own, width, variable.size));
  }
  if (!has_scalar) return;
  frequency_ =
      register_buffer("frequency", at::pow(2.0, at::arange(config.fourier, at::kFloat) - 2));
  const int64_t features = 2 + 2 * config.fourier;
  scalar_in_ =
      register_parameter("scalar_in", linear_init(stream.child("scalar_in"), width, features));
  scalar_bias_ = register_parameter("scalar_bias", at::zeros({width}));
  scalar_out_ =
      register_parameter("scalar_out", linear_init(stream.child("scalar_out"), width, width));
}

at::Tensor EmbeddingImpl::scalar(const at::Tensor& z) {
  const auto column = z.unsqueeze(-1);
  const auto phase = column * frequency_;
  const auto features = at::cat({column, column.asinh(), phase.sin(), phase.cos()}, -1);
  return at::linear(at::linear(features, scalar_in_, scalar_bias_).relu(), scalar_out_);
}

at::Tensor EmbeddingImpl::content(int64_t variable, const at::Tensor& value) {
  const auto& about = schema_[variable];
  if (about.kind == Kind::kCategory) return at::embedding(table_[variable], value);
  const auto z = worlds::standard_units(about, value);
  return about.kind == Kind::kScalar ? scalar(z) : at::linear(z, table_[variable]);
}

// Of each scalar and vector the contents of all its sites, [B * sites, D]; categories have tables.
// All scalars go through their network at once: a brain of hundreds would else call it for each.
std::vector<at::Tensor> EmbeddingImpl::contents(const worlds::Episodes& episodes) {
  std::vector<at::Tensor> found(schema_.size()), numbers;
  std::vector<int64_t> scalars, counts;
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != Access::kCortex || variable.kind == Kind::kCategory) continue;
    const auto& value = episodes.value[i];
    if (variable.kind == Kind::kScalar) {
      scalars.push_back(i);
      numbers.push_back(worlds::standard_units(variable, value).flatten());
      counts.push_back(value.numel());
    } else {
      found[i] = content(i, value).reshape({-1, cell_.size(1)});
    }
  }
  if (scalars.empty()) return found;
  const auto parts = scalar(at::cat(numbers)).split_with_sizes(counts);
  for (size_t k = 0; k < scalars.size(); ++k) found[scalars[k]] = parts[k];
  return found;
}

at::Tensor EmbeddingImpl::values(const worlds::Episodes& episodes) {
  auto columns = contents(episodes);
  for (int64_t i = 0; i < schema_.size(); ++i) {
    if (schema_[i].access != Access::kCortex) continue;
    if (schema_[i].kind == Kind::kCategory) columns[i] = content(i, episodes.value[i]);
    columns[i] = columns[i].reshape({episodes.num_rows(), -1, cell_.size(1)});
  }
  std::erase_if(columns, [](const at::Tensor& column) { return !column.defined(); });
  return at::cat(columns, 1) + places();
}

TokenParts EmbeddingImpl::parts(const worlds::Episodes& episodes, const at::Tensor& null,
                                const at::Tensor& role) {
  TokenParts parts{{}, cell_, tick_, site_cell_, site_tick_, null, role};
  const auto found = contents(episodes);
  for (int64_t i = 0; i < schema_.size(); ++i) {
    const auto& variable = schema_[i];
    if (variable.access != Access::kCortex) continue;
    const int64_t num_sites = variable.num_ticks * variable.num_cells;
    if (variable.kind == Kind::kCategory) {
      parts.contents.push_back(
          {variable.name, num_sites, table_[i], episodes.value[i].contiguous()});
    } else {
      parts.contents.push_back({variable.name, num_sites, found[i], {}});
    }
  }
  return parts;
}

at::Tensor EmbeddingImpl::places() {
  return cell_.index_select(0, site_cell_) + tick_.index_select(0, site_tick_);
}

}  // namespace limbic::brain
