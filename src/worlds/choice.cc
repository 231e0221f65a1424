#include "limbic/worlds/choice.h"

#include <c10/util/Exception.h>

#include <numeric>

namespace limbic::worlds {

int64_t choose(std::span<const double> weights, double u) {
  double rest = u * std::accumulate(weights.begin(), weights.end(), 0.0);
  int64_t chosen = -1;
  for (int64_t i = 0; i < std::ssize(weights) && (chosen < 0 || rest >= 0); ++i) {
    if (weights[i] > 0) chosen = i;
    rest -= weights[i];
  }
  TORCH_CHECK(chosen >= 0, "none of ", weights.size(), " weights is above 0");
  return chosen;
}

}  // namespace limbic::worlds
