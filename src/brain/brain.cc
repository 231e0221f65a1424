#include "limbic/brain/brain.h"

#include <ATen/core/grad_mode.h>

namespace limbic::brain {

Brain::Brain(std::shared_ptr<Cortex> cortex, std::shared_ptr<Amygdala> amygdala,
             std::shared_ptr<const Program> program)
    : cortex_(register_module("cortex", std::move(cortex))),
      amygdala_(register_module("amygdala", std::move(amygdala))),
      program_(std::move(program)) {}

OwnRule* Brain::cortex_rule() const { return dynamic_cast<OwnRule*>(cortex_.get()); }
OwnRule* Brain::amygdala_rule() const { return dynamic_cast<OwnRule*>(amygdala_.get()); }

Signals Brain::signals(const worlds::Episodes& episodes, const at::Tensor& observed_BTV) const {
  return signals_of(episodes, cortex_->think(episodes, observed_BTV));
}

Signals Brain::signals(const worlds::Episodes& episodes, const Question& thought) const {
  const auto think = [&] {
    const at::AutoGradMode mode(thought.taught_ticks > 0 && at::GradMode::is_enabled());
    return cortex_->think(episodes, thought);
  };
  return signals_of(episodes, think());
}

Signals Brain::signals_of(const worlds::Episodes& episodes, const at::Tensor& thought_BTD) const {
  Signals signals{thought_BTD, amygdala_->predict(thought_BTD), {}};
  signals.steer = program_->run(episodes, signals.scorecard);
  return signals;
}

}  // namespace limbic::brain
