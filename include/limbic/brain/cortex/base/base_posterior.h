#pragma once

#include <ATen/core/Tensor.h>

#include "limbic/brain/cortex/mixture.h"

namespace limbic::brain {

/// What a base density of K components knows about the scalar that a query is about, given what the
/// query sees; of other queries log_weight alone means something.
///
/// Shapes  n queries: [n, K], float64; weights sum to 1; standardised units. site: [n], what it is
///         about.
struct BasePosterior {
  at::Tensor log_weight, mean, scale, site;

  [[nodiscard]] bool defined() const { return log_weight.defined(); }
  [[nodiscard]] BasePosterior select(const at::Tensor& index) const;
};

/// A scalar's mixture over a base: its own Gaussians are in units of the base's mean and deviation,
/// and the base's components stand beside them, all together exp(gate) times as heavy.
///
/// Shapes  outputs [n, 3 * own + 1], of `own` Gaussians and the gate -> params of own + K
/// Gaussians.
at::Tensor over_base(const at::Tensor& outputs, const BasePosterior& posterior);
/// The same of a choice: outputs [n, size + 1], log p by the base [n, size] -> logits.
at::Tensor over_base_choice(const at::Tensor& outputs, const at::Tensor& base_log_p);

}  // namespace limbic::brain
