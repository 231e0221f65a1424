#include "limbic/losses/l2.h"

#include <utility>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/losses/functions.h"

namespace limbic::losses {

L2Loss::L2Loss(L2Config config) : config_(std::move(config)) {}

std::vector<at::Tensor> L2Loss::parameters(const brain::Brain& brain) const {
  std::vector<at::Tensor> parameters;
  for (const auto& item : brain.named_parameters()) {
    if (matches_glob(config_.of.text, item.key())) parameters.push_back(item.value());
  }
  return parameters;
}

void L2Loss::check_needs(const brain::Brain& brain) const {
  if (!parameters(brain).empty()) return;
  const auto names = brain.named_parameters().keys();
  config::refuse(config_.of.mark, concat("no parameter matches ", quoted(config_.of.text),
                                         did_you_mean(config_.of.text, names)));
}

at::Tensor L2Loss::operator()(brain::Brain& brain, const worlds::Episodes& /*episodes*/,
                              const brain::Signals& /*signals*/, const Lesson& /*lesson*/) const {
  return l2(parameters(brain));
}

}  // namespace limbic::losses
