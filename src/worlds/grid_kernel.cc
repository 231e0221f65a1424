#include "limbic/worlds/grid.h"

namespace limbic::worlds {

double dot(std::span<const double> a, const double* b) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

void add_scaled(double factor, std::span<const double> in, double* out) {
#pragma omp simd
  for (size_t i = 0; i < in.size(); ++i) out[i] += factor * in[i];
}

}  // namespace limbic::worlds
