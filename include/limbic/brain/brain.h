#pragma once

#include <torch/nn/module.h>

#include <memory>

#include "limbic/brain/amygdala/amygdala.h"
#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/own_rule.h"
#include "limbic/brain/signals.h"
#include "limbic/brain/steering/program.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// Cortex, amygdala and steering subsystem, wired: episodes -> thought -> scorecard -> steer.
///
/// State   parameters are named cortex.*, amygdala.<variable>.*; the steering subsystem has none.
/// Threads one call at a time on one object.
class Brain : public torch::nn::Module {
 public:
  Brain(std::shared_ptr<Cortex> cortex, std::shared_ptr<Amygdala> amygdala,
        std::shared_ptr<const Program> program);

  [[nodiscard]] Cortex& cortex() const { return *cortex_; }
  [[nodiscard]] Amygdala& amygdala() const { return *amygdala_; }
  [[nodiscard]] const Program& program() const { return *program_; }
  /// Rules of their own by which they learn; null: by gradient.
  [[nodiscard]] OwnRule* cortex_rule() const;
  [[nodiscard]] OwnRule* amygdala_rule() const;

  /// The thought observes what `observed_BTV` says.
  [[nodiscard]] Signals signals(const worlds::Episodes& episodes,
                                const at::Tensor& observed_BTV) const;
  /// The same, of a question for the thought, which says how far the cortex is taught; where it is
  /// not at all, no gradient is prepared for.
  [[nodiscard]] Signals signals(const worlds::Episodes& episodes, const Question& thought) const;

 private:
  [[nodiscard]] Signals signals_of(const worlds::Episodes& episodes,
                                   const at::Tensor& thought_BTD) const;

  std::shared_ptr<Cortex> cortex_;
  std::shared_ptr<Amygdala> amygdala_;
  std::shared_ptr<const Program> program_;
};

}  // namespace limbic::brain
