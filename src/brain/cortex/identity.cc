#include "limbic/brain/cortex/identity.h"

#include <ATen/ATen.h>

#include "limbic/core/error.h"
#include "limbic/worlds/roles.h"
#include "limbic/worlds/standard_units.h"

namespace limbic::brain {

using worlds::Access;
using worlds::Kind;

Identity::Identity(const IdentityConfig& /*config*/, const worlds::Schema& schema)
    : schema_(schema) {
  for (const auto& variable : schema.variables()) {
    if (variable.access == Access::kCortex)
      thought_size_ += variable.num_ticks * variable.num_cells * variable.size;
  }
}

at::Tensor Identity::think(const worlds::Episodes& episodes, const Question& question) {
  const int64_t rows = episodes.num_rows();
  std::vector<at::Tensor> ticks;
  for (int64_t now = 0; now < schema_.num_ticks(); ++now) {
    std::vector<at::Tensor> features;
    for (int64_t i = 0; i < schema_.size(); ++i) {
      const auto& variable = schema_[i];
      if (variable.access != Access::kCortex) continue;
      auto value = episodes.value[i];
      if (variable.kind == Kind::kCategory)
        value = at::one_hot(value, variable.size).to(at::kFloat);
      else
        value = worlds::standard_units(variable, value)
                    .reshape({rows, variable.num_ticks, variable.num_cells, variable.size});
      auto seen = worlds::own_cells(question.roles.observed_BTV, schema_, i).clone();
      if (now + 1 < variable.num_ticks)
        seen.narrow(1, now + 1, variable.num_ticks - now - 1).fill_(false);
      features.push_back((value * seen.to(value.device()).unsqueeze(-1)).reshape({rows, -1}));
    }
    ticks.push_back(at::cat(features, 1));
  }
  return at::stack(ticks, 1);
}

void Identity::require_predictions() const {
  throw input_error("cortex 'identity' predicts nothing: drop the losses and evals that ask it to");
}

at::Tensor Identity::log_prob(const worlds::Episodes&, const Question&) {
  require_predictions();
  return {};
}

Marginals Identity::marginals(const worlds::Episodes&, const Question&) {
  require_predictions();
  return {};
}

worlds::Episodes Identity::sample(const worlds::Episodes&, const worlds::Roles&,
                                  const SamplingOptions&, const Stream&) {
  require_predictions();
  return {};
}

}  // namespace limbic::brain
