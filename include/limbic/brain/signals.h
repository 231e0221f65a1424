#pragma once

#include <ATen/core/Tensor.h>

namespace limbic::brain {

/// What the amygdala says: one prediction per steering variable, tick and row.
///
/// Shapes  B rows, T ticks, N assessors. raw is before the link (a logit for a binary variable; of
///         kalman and delta the prediction before it is clamped), mean after it.
struct Scorecard {
  at::Tensor raw_BTN;
  at::Tensor mean_BTN;
  at::Tensor variance_BTN;
};

/// What the steering subsystem says.
///
/// Shapes  B rows, T ticks, N steering variables, R drives. All float32 but override_BTN (bool).
///         What realised_BTN is, Program says; it is detached: nothing learns through it.
struct Steer {
  at::Tensor truth_BTN;
  at::Tensor override_BTN;
  at::Tensor gate_BTN;
  at::Tensor realised_BTN;
  at::Tensor reward_BTR;
};

/// Everything that flows from cortex to losses in one chunk; the parts of the brain know each other
/// through these alone.
struct Signals {
  at::Tensor thought_BTD;
  Scorecard scorecard;
  Steer steer;
};

}  // namespace limbic::brain
