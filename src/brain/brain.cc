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
  at::Tensor thought_BTD;
  {
    const at::AutoGradMode mode(teach_cortex && at::GradMode::is_enabled());
    thought_BTD = cortex_->think(episodes, observed_BTV);
  }
  return signals_of(episodes, thought_BTD);
}

Signals Brain::signals(const worlds::Episodes& episodes, const Question& thought,
                       bool teach_cortex) const {
  at::Tensor thought_BTD;
  {
    const at::AutoGradMode mode(teach_cortex && at::GradMode::is_enabled());
    thought_BTD = cortex_->think(episodes, thought);
  }
  return signals_of(episodes, thought_BTD);
}

Signals Brain::signals_of(const worlds::Episodes& episodes, const at::Tensor& thought_BTD) const {
  Signals signals{thought_BTD, amygdala_->predict(thought_BTD), {}};
  signals.steer = program_->run(episodes, signals.scorecard);
  return signals;
}

}  // namespace limbic::brain
