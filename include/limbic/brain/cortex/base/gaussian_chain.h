#pragma once

#include <cstdint>

/// A Gaussian taken one dimension after the other: with U' U its covariance, rows and columns in
/// the order in which they are told, and z = U'^-1 (x - mean), dimension p given those before t <=
/// p has
///
///   mean_p + sum_{q < t} U_qp z_q   and variance   sum_{q >= t} U_qp^2
///
/// so one factorisation answers every question whose evidence is a prefix of that order.
///
/// Shapes  plain buffers of float64. Covariances are n x n; what is made here has rows of stride(n)
///         numbers, those past the n-th 0, and so have vectors.
namespace limbic::brain::kernels {

/// n in whole vector registers.
int64_t stride(int64_t n);
/// Cholesky's factor U of covariance[order, order]; 0 below the diagonal.
void factor_in_order(int64_t n, const double* covariance, const int64_t* order, double* upper);
/// x - mean -> z in the first `count` numbers; the others lose what these let one expect of them.
void solve_in_order(int64_t n, int64_t count, const double* upper, double* x);
/// Queries about dimension place[i], each given those before seen[i]; their answers stand `stride`
/// numbers apart: log p of what is seen, how far from its mean what is asked is expected, and the
/// variance that is left of it.
struct ChainQueries {
  int64_t count;
  const int64_t *place, *seen;
};
struct ChainAnswers {
  int64_t stride;
  double *log_seen, *apart, *variance;
};
/// z as solve_in_order leaves it of all numbers.
void answer_in_order(int64_t n, const ChainQueries& asked, const double* upper, const double* z,
                     const ChainAnswers& to);
/// a a' and what is not known after `count` numbers; below the diagonal anything.
void scatter_in_order(int64_t n, int64_t count, const double* upper, const double* a,
                      double* scatter);

}  // namespace limbic::brain::kernels
