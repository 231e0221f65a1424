#include "limbic/training/divergence.h"

#include <cmath>

#include "limbic/core/error.h"

namespace limbic::training {

std::string what_diverged(const StepNumbers& numbers, const GradientStep& step) {
  for (size_t i = 0; i < step.losses().size(); ++i) {
    if (std::isfinite(numbers.loss_L[i])) continue;
    std::string circuits;
    for (const auto& [circuit, factor] : step.losses()[i].targets)
      circuits += (circuits.empty() ? "" : ", ") + circuit;
    return concat("loss '", step.losses()[i].name, "' of circuit ", circuits, " is ",
                  numbers.loss_L[i]);
  }
  for (size_t i = 0; i < numbers.norms.size(); ++i) {
    if (!std::isfinite(numbers.norms[i]))
      return concat("the gradient of circuit ", step.trained()[i], " is not finite");
  }
  return "the gradient of all circuits together is not finite";
}

}  // namespace limbic::training
