#include "limbic/losses/l2.h"

#include <utility>
#include <vector>

#include "limbic/config/problems.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/losses/functions.h"

namespace limbic::losses {

L2Loss::L2Loss(L2Config config) : config_(std::move(config)) {}

at::Tensor L2Loss::operator()(brain::Brain& brain, const worlds::Episodes& /*episodes*/,
                              const brain::Signals& /*signals*/, const Stream& /*stream*/) const {
  std::vector<at::Tensor> parameters;
  for (const auto& item : brain.named_parameters()) {
    if (matches_glob(config_.of.text, item.key())) parameters.push_back(item.value());
  }
  config::Problems problems;
  if (parameters.empty()) {
    problems.add(config_.of.mark, concat("no parameter fits ", quoted(config_.of.text)));
  }
  problems.raise();
  return l2(parameters);
}

std::unique_ptr<Loss> make_l2(const L2Config& config, const worlds::Schema& /*schema*/,
                              const brain::Program& /*program*/) {
  return std::make_unique<L2Loss>(config);
}

}  // namespace limbic::losses
