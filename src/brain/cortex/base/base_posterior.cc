#include "limbic/brain/cortex/base/base_posterior.h"

#include <ATen/ATen.h>

namespace limbic::brain {

BasePosterior BasePosterior::select(const at::Tensor& index) const {
  if (!defined()) return {};
  return {log_weight.index_select(0, index), mean.index_select(0, index),
          scale.index_select(0, index), site.index_select(0, index)};
}

at::Tensor over_base(const at::Tensor& outputs, const BasePosterior& posterior) {
  const int64_t own = (outputs.size(1) - 1) / 3;
  const auto type = outputs.scalar_type();
  const BasePosterior base{posterior.log_weight.to(type), posterior.mean.to(type),
                           posterior.scale.to(type), posterior.site};
  const auto weight = base.log_weight.exp();
  const auto mean = (weight * base.mean).sum(1, /*keepdim=*/true);
  const auto variance = (weight * (base.scale.square() + (base.mean - mean).square())).sum(1, true);
  const auto deviation = variance.sqrt();
  const auto gate = outputs.narrow(1, 3 * own, 1);
  return at::cat({outputs.narrow(1, 0, own).log_softmax(1), gate + base.log_weight,
                  mean + deviation * outputs.narrow(1, own, own), base.mean,
                  deviation.log() + outputs.narrow(1, 2 * own, own), base.scale.log()},
                 1);
}

at::Tensor over_base_choice(const at::Tensor& outputs, const at::Tensor& base_log_p) {
  const int64_t size = base_log_p.size(1);
  return at::logaddexp(outputs.narrow(1, 0, size).log_softmax(1),
                       outputs.narrow(1, size, 1) + base_log_p.to(outputs.scalar_type()));
}

}  // namespace limbic::brain
