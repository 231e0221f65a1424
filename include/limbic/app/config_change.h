#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/node.h"
#include "limbic/curriculum/state.h"
#include "limbic/training/checkpoint.h"

namespace limbic::app {

/// How a run's resolved config differs from the one that it is to go on with.
struct ConfigChange {
  std::vector<std::string> keys;   // dotted, all that differ
  std::vector<std::string> fixed;  // those of them that make another brain or world
  std::string stages = {};         // "has begun stage 'a', in whose place this config has 'b'"

  [[nodiscard]] bool empty() const { return keys.empty(); }
};

/// A run may go on with other evals, losses, rates, batches, checkpoints and stages; not with
/// another world, cortex, amygdala, steering program, set of circuits or seed, nor with other
/// stages in the place of the first `num_begun`.
ConfigChange compare_configs(const config::Node& was, const config::Node& is, int64_t num_begun);
/// The same of texts, of a run in that state. Keys that `was` lacks are at their defaults; `file`
/// is what messages call it.
ConfigChange compare_configs(const std::string& was, const std::string& file, const std::string& is,
                             const curriculum::State& state);

/// A resolved config, and what messages call its file.
struct ConfigText {
  std::string yaml, file;
};
/// The one by which a run went on from one of its checkpoints: the checkpoint's own. Where the run
/// began there as a fork it is the run's, which was agreed to when that was made.
ConfigText config_at(const std::string& run, const training::Snapshot& snapshot);

/// Of a resolved config, in order.
std::vector<std::string> stage_names(const config::Node& config);

/// "a, b and 3 more"
std::string listed(const std::vector<std::string>& keys);

}  // namespace limbic::app
