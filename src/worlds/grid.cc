#include "limbic/worlds/grid.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace limbic::worlds {

double Grid::quantile(std::span<const double> weight, double u) const {
  // Twice the mass of the piece from point i to the next, in steps, is weight[i] + weight[i + 1].
  const double total =
      2 * std::accumulate(weight.begin(), weight.end(), 0.0) - weight.front() - weight.back();
  TORCH_CHECK(total > 0,
              "what is observed cannot happen together: the weights of the numbers from ", low_,
              " to ", (*this)[size_ - 1], " sum to ", total);
  double rest = u * total;
  int64_t i = 0;
  while (i + 2 < size_ && rest >= weight[i] + weight[i + 1]) {
    rest -= weight[i] + weight[i + 1];
    ++i;
  }
  // Within the piece s in [0, 1] solves 2 a s + (b - a) s^2 = rest.
  const double a = weight[i], b = weight[i + 1];
  const double root = std::sqrt(std::max(a * a + (b - a) * rest, 0.0));
  const double s = rest / std::max(a + root, std::numeric_limits<double>::min());
  return low_ + step_ * (static_cast<double>(i) + std::min(s, 1.0));
}

double exponentiate(std::span<double> log_weight) {
  const double greatest = std::ranges::max(log_weight);
  for (double& weight : log_weight) weight = std::exp(weight - greatest);
  return greatest;
}

}  // namespace limbic::worlds
