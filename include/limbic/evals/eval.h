#pragma once

#include <map>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/config/reported.h"
#include "limbic/evals/episode_source.h"
#include "limbic/worlds/world.h"

namespace limbic::evals {

/// Named results of one evaluation; "" is its main one.
using Results = std::map<std::string, double>;

/// What a result is called in logs and conditions: eval/<name> or eval/<name>.<key>.
[[nodiscard]] inline std::string metric_name(const std::string& eval, const std::string& key) {
  return "eval/" + eval + (key.empty() ? "" : "." + key);
}

/// A measurement on held-out episodes. It never learns and leaves the brain as it was. What its
/// numbers are and which way they are better, its config says: config::Reported.
class Eval {
 public:
  virtual ~Eval() = default;
  /// Errors  limbic::Error (input) if the world or the brain lacks what the eval names; called
  ///         once, before training.
  virtual void check(const brain::Brain& brain, const worlds::World& world) const = 0;
  /// The keys of its results.
  [[nodiscard]] virtual std::vector<std::string> keys(const worlds::World& world) const = 0;
  virtual Results run(brain::Brain& brain, const EpisodeSource& source) const = 0;
};

}  // namespace limbic::evals
