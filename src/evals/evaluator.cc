#include "limbic/evals/evaluator.h"

namespace limbic::evals {

Evaluator::Evaluator(const worlds::World& world, uint64_t seed, at::Device device)
    : world_(world, seed), stream_(Stream(seed).child("eval")), device_(device) {}

Results Evaluator::run(const Eval& eval, const std::string& name, brain::Brain& brain) const {
  Results named;
  for (const auto& [key, value] : eval.run(brain, world_, stream_.child(name), device_))
    named[metric_name(name, key)] = value;
  return named;
}

}  // namespace limbic::evals
