#include "limbic/brain/cortex/cortex.h"

namespace limbic::brain {

Question Cortex::ask(const worlds::Roles& roles, const at::Tensor& rank_BTV) const {
  return Question(roles, rank_BTV);
}

Question Cortex::ask_thought(const at::Tensor& observed_BTV) const {
  return Question({observed_BTV, {}});
}

at::Tensor Cortex::log_prob(const worlds::Episodes& episodes, const Question& question) {
  return log_prob(episodes, question.roles, question.rank_BTV);
}

Marginals Cortex::marginals(const worlds::Episodes& episodes, const Question& question) {
  return marginals(episodes, question.roles);
}

at::Tensor Cortex::think(const worlds::Episodes& episodes, const Question& question) {
  return think(episodes, question.roles.observed_BTV);
}

}  // namespace limbic::brain
