#pragma once

#include <string>

#include "limbic/training/gradient_step.h"
#include "limbic/training/report_queue.h"

namespace limbic::training {

/// What was not finite in a step that was skipped for it: "loss 'x' of circuit cortex is nan".
[[nodiscard]] std::string what_diverged(const StepNumbers& numbers, const GradientStep& step);

}  // namespace limbic::training
