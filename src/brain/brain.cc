#include "limbic/brain/brain.h"

#include <ATen/core/grad_mode.h>

namespace limbic::brain {

Brain::Brain(std::shared_ptr<Cortex> cortex, std::shared_ptr<Amygdala> amygdala,
             std::shared_ptr<const Program> program)
    : cortex_(register_module("cortex", std::move(cortex))),
      amygdala_(register_module("amygdala", std::move(amygdala))),
      program_(std::move(program)) {}

Signals Brain::signals(const worlds::Episodes& episodes, const at::Tensor& observed_BTV,
                       bool teach_cortex) const {
  return signals(episodes, cortex_->ask_thought(observed_BTV), teach_cortex);
}

Signals Brain::signals(const worlds::Episodes& episodes, const Question& thought,
                       bool teach_cortex) const {
  Signals signals;
  {
    const at::AutoGradMode mode(teach_cortex && at::GradMode::is_enabled());
    signals.thought_BTD = cortex_->think(episodes, thought);
  }
  signals.scorecard = amygdala_->predict(signals.thought_BTD);
  signals.steer = program_->run(episodes, signals.scorecard);
  return signals;
}

}  // namespace limbic::brain
