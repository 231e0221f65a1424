#include "limbic/brain/cortex/heads.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

#include "limbic/brain/init.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Kind;

HeadsImpl::HeadsImpl(const TransformerConfig& config, const worlds::Schema& schema,
                     const BaseDensity& base, const Stream& stream)
    : schema_(schema),
      base_(base),
      num_reads_(config.direct.reads),
      own_mixture_(config.scalar_mixture),
      spec_(schema.size()),
      weight_(schema.size()),
      bias_(schema.size()) {
  for (int64_t i = 0; i < schema.size(); ++i) {
    const auto& variable = schema[i];
    if (variable.access != Access::kCortex) continue;
    const bool scalar = variable.kind == Kind::kScalar;
    const int64_t rank =
        std::min(config.vector_rank,
                 variable.size - 1);  // more would make I + F D^-1 F' singular to float32
    spec_[i] = {scalar ? own_mixture_ + config.base_density.components : config.vector_mixture,
                variable.size,
                rank,
                config.scale_floor,
                (variable.low - variable.center) / variable.scale,
                (variable.high - variable.center) / variable.scale};
    const int64_t own_outputs = num_own_outputs(i);
    const int64_t outputs = own_outputs + (scalar ? num_reads_ * count_numbers(schema) : 0);
    const Stream own = stream.child(variable.name);
    const auto weight = at::zeros({outputs, config.state_size()});  // reads begin at 0
    weight.narrow(0, 0, own_outputs)
        .copy_(linear_init(own.child("weight"), own_outputs, config.state_size()).mul_(0.1));
    weight_[i] = register_parameter(parameter_name("weight", variable.name), weight);
    auto bias = at::zeros({outputs});
    init_bias(bias, i, own.child("bias"));
    bias_[i] = register_parameter(parameter_name("bias", variable.name), bias);
  }
}

int64_t HeadsImpl::num_own_outputs(int64_t variable) const {
  const int64_t gates = base_.is_empty() ? 0 : 1;
  const auto& about = schema_[variable];
  if (about.kind == Kind::kCategory) return about.size + gates;
  return about.kind == Kind::kScalar ? 3 * own_mixture_ + gates : spec_[variable].num_params();
}

// Means apart from each other and small factors, so that no two components start as one.
void HeadsImpl::init_bias(at::Tensor& bias, int64_t variable, const Stream& stream) const {
  const auto& about = schema_[variable];
  if (about.kind != Kind::kCategory) {
    const auto& spec = spec_[variable];
    const int64_t components = about.kind == Kind::kScalar ? own_mixture_ : spec.components;
    const int64_t means = components * spec.dimensions;
    const int64_t factors = spec.rank * spec.dimensions;
    bias.narrow(0, components, means).copy_(stream.child("mean").normal({means}));
    bias.narrow(0, components + 2 * means, factors)
        .copy_(stream.child("factor").normal({factors}) * 0.3);
  }
  if (!base_.is_empty() && about.kind != Kind::kVector)
    bias[num_own_outputs(variable) - 1] = kFirstGate;
}

at::Tensor HeadsImpl::params(int64_t variable, const QueryState& query) {
  auto outputs = at::linear(query.state, weight_[variable], bias_[variable]);
  const Kind kind = schema_[variable].kind;
  if (num_reads_ > 0 && kind == Kind::kScalar) outputs = shift_means(outputs, query.numbers);
  if (base_.is_empty() || kind == Kind::kVector) return outputs;
  return kind == Kind::kScalar ? over_base(outputs, query.base)
                               : over_base_choice(outputs, base_->log_choice(variable, query.base));
}

at::Tensor HeadsImpl::shift_means(const at::Tensor& outputs, const at::Tensor& numbers) const {
  const int64_t K = own_mixture_;
  const int64_t own = outputs.size(1) - num_reads_ * numbers.size(1);
  const auto weight =
      outputs.narrow(1, own, num_reads_ * numbers.size(1)).view({-1, num_reads_, numbers.size(1)});
  const auto read = at::bmm(weight, numbers.unsqueeze(2)).squeeze(2);  // [n, reads]
  return at::cat(
      {outputs.narrow(1, 0, K), outputs.narrow(1, K, K) + read.repeat({1, K / num_reads_}),
       outputs.narrow(1, 2 * K, own - 2 * K)},
      1);
}

at::Tensor HeadsImpl::log_prob(int64_t variable, const at::Tensor& params,
                               const at::Tensor& values) const {
  const auto& about = schema_[variable];
  if (about.kind == Kind::kCategory) {
    return params.log_softmax(-1).gather(1, values.unsqueeze(1)).squeeze(1);
  }
  const auto z = worlds::standard_units(about, values).reshape({values.size(0), about.size});
  const auto log_p = mixture_log_prob(spec_[variable], params, z) + log_density_of_unit(variable);
  return about.transform.is_none() ? log_p : log_p + worlds::log_slope(about.transform, values);
}

std::optional<HeadQueries> HeadsImpl::fused(int64_t variable, const Layout::Asked& asked,
                                            const at::Tensor& values,
                                            const QueryState& states) const {
  const auto& about = schema_[variable];
  const auto type = weight_[variable].scalar_type();
  HeadQueries queries{weight_[variable], bias_[variable], asked.query, asked.cell, values};
  if (about.kind == Kind::kCategory) {
    if (!base_.is_empty()) {
      const auto log_p = base_->log_choice(variable, states.base.select(asked.query));
      queries.base_log_p = log_p.to(type).contiguous();
    }
    return queries;
  }
  if (type != at::kFloat) return std::nullopt;
  queries.values =
      worlds::standard_units(about, values).reshape({values.size(0), about.size}).contiguous();
  queries.spec = spec_[variable];
  if (about.kind == Kind::kScalar) {
    queries.reads = num_reads_;
    queries.numbers = states.numbers;
    queries.base = states.base;
  }
  queries.log_unit = log_density_of_unit(variable);
  if (!about.transform.is_none()) queries.log_slope = worlds::log_slope(about.transform, values);
  return queries;
}

double HeadsImpl::log_density_of_unit(int64_t variable) const {
  const auto& about = schema_[variable];
  return -static_cast<double>(about.size) * std::log(about.scale);
}

Distribution HeadsImpl::distribution(int64_t variable, const at::Tensor& params) const {
  const auto& about = schema_[variable];
  if (about.kind == Kind::kCategory) return Categorical{params};
  return unpack_mixture(spec_[variable], params, about);
}

at::Tensor sample(const Distribution& distribution, const worlds::Variable& variable,
                  double temperature, const Stream& stream) {
  if (const auto* mixture = std::get_if<GaussianMixture>(&distribution)) {
    const auto drawn = sample_mixture(*mixture, temperature, stream);
    return variable.kind == Kind::kScalar ? drawn.squeeze(-1) : drawn;
  }
  return draw_category(std::get<Categorical>(distribution).logits, temperature, stream);
}

}  // namespace limbic::brain
