#include "limbic/inference/score.h"

#include <ATen/ATen.h>

#include <cmath>
#include <vector>

#include "limbic/inference/joint.h"
#include "limbic/worlds/selection.h"

namespace limbic::inference {

Score score(brain::Cortex& cortex, const worlds::Schema& schema, const worlds::Episodes& episodes,
            const worlds::Roles& roles, int64_t orders, const Stream& stream) {
  TORCH_CHECK(orders >= 1, "log p is averaged over at least one order, got ", orders);
  const at::NoGradGuard no_grad;
  const at::Tensor hidden_BTV = worlds::hidden_cells(roles);
  std::vector<at::Tensor> ranks;
  for (int64_t order = 0; order < orders; ++order)
    ranks.push_back(worlds::random_order(hidden_BTV, stream.at(order)));
  const auto log_prob_MB = log_prob_of_orders(cortex, episodes, roles, ranks);
  const auto dimensions_B = (hidden_BTV.to(at::kDouble) * worlds::cell_sizes(schema)).sum({1, 2});
  const auto deviation_B = orders > 1 ? log_prob_MB.std(0) : at::zeros_like(dimensions_B);
  return {log_prob_MB.logsumexp(0) - std::log(static_cast<double>(orders)),
          deviation_B / dimensions_B.clamp_min(1), dimensions_B};
}

}  // namespace limbic::inference
