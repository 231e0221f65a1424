#include "limbic/brain/cortex/distribution.h"

#include <ATen/ATen.h>

namespace limbic::brain {

at::Tensor mean(const Distribution& distribution) {
  if (const auto* categorical = std::get_if<Categorical>(&distribution))
    return categorical->logits.softmax(-1);
  const auto& mixture = std::get<GaussianMixture>(distribution);
  return (mixture.logits.softmax(-1).unsqueeze(-1) * mixture.mean).sum(-2);
}

}  // namespace limbic::brain
