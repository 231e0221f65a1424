#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "limbic/config/node.h"
#include "limbic/curriculum/config_switch.h"
#include "limbic/training/checkpoint.h"
#include "limbic/training/run_state.h"

namespace limbic::app {

/// How a run's resolved config differs from the one that it is to go on with.
struct ConfigChange {
  std::vector<curriculum::ChangedValue> values;  // all that differ
  std::vector<std::string> fixed;                // those of them that make another brain or world
  std::string stages = {};  // "has begun stage 'a', in whose place this config has 'b'"
  // Only of a run whose state is known:
  std::vector<std::string> past_stages = {};  // in quotes: those that are over and differ
  bool touches_conditions = false;            // curriculum, or evals that the present stage awaits
  bool touches_best = false;  // checkpoints.best, or its eval but for when that is due

  [[nodiscard]] bool empty() const { return values.empty(); }
  /// Whether the world's data lies elsewhere and nothing else differs.
  [[nodiscard]] bool moves_data() const;
  [[nodiscard]] std::vector<std::string> keys() const;
};

/// A run may go on with other evals, losses, rates, batches, checkpoints and stages; not with
/// another world, cortex, amygdala, steering program, set of circuits or seed, nor with other
/// stages in the place of the first `num_begun`. A moving average of the weights may have another
/// decay, but not begin or end (optimizer.ema_decay: 0), since checkpoints hold it. A world's data
/// may lie elsewhere (world.file, world.data): training::require_same_data knows them by what they
/// say.
ConfigChange compare_configs(const config::Node& was, const config::Node& is, int64_t num_begun);
/// The same of texts, of a run in that state, which knows what stages are over. Keys that `was`
/// lacks are at their defaults; `file` is what messages call it. A stage that the run has entered,
/// but taken no step of, has not begun; only, it can't be left out.
ConfigChange compare_configs(const std::string& was, const std::string& file, const std::string& is,
                             const training::RunState& state);
/// The same of a checkpoint's config, `state` being its own.
ConfigChange change_since(const training::Snapshot& snapshot, const std::string& is,
                          const training::RunState& state);

/// Says what of a change counts no more, if anything.
void warn_of_past_stages(const ConfigChange& change, const std::string& run);

/// A resolved config, and what messages call its file.
struct ConfigText {
  std::string yaml, file;
};
/// The one by which a run went on from one of its checkpoints: the checkpoint's own. Where the run
/// is a fork that has not gone on from there yet it is the run's, which was agreed to when that was
/// made.
ConfigText config_at(const std::string& run, const training::Snapshot& snapshot);

/// Of a resolved config, in order.
std::vector<std::string> stage_names(const config::Node& config);

/// "a, b and 3 more"
std::string listed(const std::vector<std::string>& keys);

}  // namespace limbic::app
