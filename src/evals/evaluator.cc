#include "limbic/evals/evaluator.h"

namespace limbic::evals {

Results Evaluator::run(const Eval& eval, const std::string& name, brain::Brain& brain) const {
  const EpisodeSource source{.world = world_,
                             .stream = Stream(seed_).child("eval").child(name),
                             .training = training_stream(seed_),
                             .device = device_};
  Results named;
  for (const auto& [key, value] : eval.run(brain, source)) named[metric_name(name, key)] = value;
  return named;
}

}  // namespace limbic::evals
