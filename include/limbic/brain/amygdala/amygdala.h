#pragma once

#include <torch/nn/module.h>

#include "limbic/brain/signals.h"

namespace limbic::brain {

/// One learned assessor per steering variable: from the cortex's thought, what the steering
/// subsystem is about to say.
///
/// Shapes  thought_BTD -> Scorecard of [B, T, N].
/// State   the parameters of assessor i are those named <variable i>.*, and no parameter is shared
///         between assessors, so that a gate can leave one of them untouched. Buffers are saved
///         with its circuit.
class Amygdala : public torch::nn::Module {
 public:
  virtual Scorecard predict(const at::Tensor& thought_BTD) = 0;
  /// Called once after each step. taught: 1 for each assessor that learned from it, else 0: [N], or
  /// [S, N] of one that is divided among subjects.
  virtual void end_step(const at::Tensor& /*taught*/) {}
};

}  // namespace limbic::brain
