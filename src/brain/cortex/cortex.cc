#include "limbic/brain/cortex/cortex.h"

namespace limbic::brain {

Question Cortex::ask(const worlds::Roles& roles, const at::Tensor& rank_BTV) const {
  return Question(roles, rank_BTV);
}

Question Cortex::ask_thought(const at::Tensor& observed_BTV) const {
  return Question({observed_BTV, {}});
}

at::Tensor Cortex::log_prob(const worlds::Episodes& episodes, const worlds::Roles& roles,
                            const at::Tensor& rank_BTV) {
  return log_prob(episodes, Question(roles, rank_BTV));
}

Marginals Cortex::marginals(const worlds::Episodes& episodes, const worlds::Roles& roles) {
  return marginals(episodes, Question(roles));
}

at::Tensor Cortex::think(const worlds::Episodes& episodes, const at::Tensor& observed_BTV) {
  return think(episodes, Question({observed_BTV, {}}));
}

}  // namespace limbic::brain
