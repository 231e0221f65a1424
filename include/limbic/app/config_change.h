#pragma once

#include <string>
#include <vector>

#include "limbic/config/node.h"

namespace limbic::app {

/// How a run's resolved config differs from the one that it is to go on with.
struct ConfigChange {
  std::vector<std::string> keys;   // dotted, all that differ
  std::vector<std::string> fixed;  // those of them that make another brain or world

  [[nodiscard]] bool empty() const { return keys.empty(); }
  [[nodiscard]] bool is_safe() const { return fixed.empty(); }
};

/// A run may go on with other evals, losses, rates, batches, checkpoints and further stages; not
/// with another world, cortex, amygdala, steering program, set of circuits or seed, nor with other
/// stages before the one that it may be in.
ConfigChange compare_configs(const config::Node& was, const config::Node& is);

/// Of a resolved config, in order.
std::vector<std::string> stage_names(const config::Node& config);

/// "a, b and 3 more"
std::string listed(const std::vector<std::string>& keys);

}  // namespace limbic::app
