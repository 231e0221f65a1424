#include "limbic/brain/brain.h"

#include <ATen/core/grad_mode.h>

namespace limbic::brain {
namespace {

// Of what is observed, or of a question; with a graph only if that teaches the cortex.
at::Tensor think(Cortex& cortex, const worlds::Episodes& episodes, const auto& of, bool teaches) {
  const at::AutoGradMode mode(teaches && at::GradMode::is_enabled());
  return cortex.think(episodes, of);
}

}  // namespace

Brain::Brain(std::shared_ptr<Cortex> cortex, std::shared_ptr<Amygdala> amygdala,
             std::shared_ptr<const Program> program)
    : cortex_(register_module("cortex", std::move(cortex))),
      amygdala_(register_module("amygdala", std::move(amygdala))),
      program_(std::move(program)) {}

Signals Brain::signals(const worlds::Episodes& episodes, const at::Tensor& observed_BTV,
                       bool teach_cortex) const {
  return signals_of(episodes, think(*cortex_, episodes, observed_BTV, teach_cortex));
}

Signals Brain::signals(const worlds::Episodes& episodes, const Question& thought) const {
  return signals_of(episodes, think(*cortex_, episodes, thought, thought.taught_ticks > 0));
}

Signals Brain::signals_of(const worlds::Episodes& episodes, const at::Tensor& thought_BTD) const {
  Signals signals{thought_BTD, amygdala_->predict(thought_BTD), {}};
  signals.steer = program_->run(episodes, signals.scorecard);
  return signals;
}

}  // namespace limbic::brain
