#include "limbic/inference/response.h"

#include <algorithm>
#include <cmath>

namespace limbic::inference {

double respond(const ResponseConfig& config, double prediction) {
  const double baseline = config.baseline;
  switch (config.rule) {
    case ResponseRule::kApproach:
      return 1 / (1 + std::exp(-(prediction - config.threshold) / config.temperature));
    case ResponseRule::kRatio: {
      const double raised = std::max(prediction, 0.0);
      return (baseline + raised) / (2 * baseline + raised);
    }
    default: {
      const double left = baseline * std::max(0.0, 1 - prediction);
      return left / (left + baseline);
    }
  }
}

}  // namespace limbic::inference
