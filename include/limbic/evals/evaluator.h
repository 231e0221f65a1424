#pragma once

#include <cstdint>
#include <string>

#include "limbic/evals/eval.h"

namespace limbic::evals {

/// Runs a run's evals. Whoever does, while the run trains or later, an eval of the same name sees
/// the same episodes and makes the same draws.
///
/// Threads any number may run evals at once, each on a brain of its own.
class Evaluator {
 public:
  Evaluator(const worlds::World& world, uint64_t seed, at::Device device)
      : world_(world), seed_(seed), device_(device) {}

  /// Results by the names that they are logged by.
  [[nodiscard]] Results run(const Eval& eval, const std::string& name, brain::Brain& brain) const;

 private:
  const worlds::World& world_;
  uint64_t seed_;
  at::Device device_;
};

}  // namespace limbic::evals
