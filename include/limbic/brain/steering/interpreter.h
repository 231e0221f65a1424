#pragma once

#include <ATen/core/Tensor.h>

#include <vector>

#include "limbic/brain/signals.h"
#include "limbic/brain/steering/code.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain::steering {

/// What a program is run on. The scorecard may be empty where no assessor is named.
struct ProgramContext {
  const worlds::Schema& schema;
  const worlds::Episodes& episodes;
  const Scorecard& scorecard;

  [[nodiscard]] int64_t num_rows() const { return episodes.present_BTV.size(0); }
  [[nodiscard]] int64_t num_ticks() const { return episodes.present_BTV.size(1); }
  [[nodiscard]] at::Device device() const;
};

/// Runs a plan over all rows and ticks at once, without gradients.
///
///   delay(x, n)[t] = x[max(t - n, 0)]         before the first tick all stood as at the first
///   ema(x, tau)[t] = y + (x[t] - y) / tau     y = ema[t - 1], at first x[t]; ABSENT: y stays
///
/// A claim x is ABSENT where it is not known (presence.h).
///
/// Shapes  one tensor for each output of the plan: [B, T], claims bool and numbers float32; 0-dim
///         for a constant.
/// Cost    no host-device sync.
std::vector<at::Tensor> run_plan(const Plan& plan, const ProgramContext& context);

}  // namespace limbic::brain::steering
