#pragma once

#include <map>
#include <string>
#include <vector>

#include "limbic/brain/brain.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/world.h"

namespace limbic::evals {

/// Named results of one evaluation; "" is its main one. Logged as eval/<name> and
/// eval/<name>.<key>.
using Results = std::map<std::string, double>;

/// A measurement on held-out episodes. It never learns and leaves the brain as it was.
class Eval {
 public:
  virtual ~Eval() = default;
  /// Errors  limbic::Error (input) if the world or the brain lacks what the eval names; called
  ///         once, before training.
  virtual void check(const brain::Brain& brain, const worlds::World& world) const = 0;
  /// The keys of its results.
  [[nodiscard]] virtual std::vector<std::string> keys(const worlds::World& world) const = 0;
  virtual Results run(brain::Brain& brain, const worlds::World& world, const Stream& stream,
                      at::Device device) const = 0;
};

}  // namespace limbic::evals
