#pragma once

#include <cstdint>
#include <vector>

#include "limbic/core/stream.h"

namespace limbic::brain {

/// Rows of a table: numbers that are seen or not, and choices.
///
/// Shapes  B rows, D numbers, C choices among N options in all.
struct JointRows {
  int64_t num_rows = 0, num_values = 0, num_options = 0;
  std::vector<double> value_BD;
  std::vector<bool> seen_BD;
  std::vector<std::vector<int64_t>> options;  // of each row: of those choices that are seen
  std::vector<int64_t> first_option;          // of each choice; they stand one after the other

  [[nodiscard]] JointRows pick(const std::vector<int64_t>& rows) const;
};

/// K Gaussians with full covariances over the numbers, each with chances of its own for every
/// choice.
///
/// Shapes  log_weight [K], mean [K, D], covariance [K, D, D], log_choice [K, N].
struct JointMixture {
  std::vector<double> log_weight, mean, covariance, log_choice;

  [[nodiscard]] int64_t size() const { return static_cast<int64_t>(log_weight.size()); }
  void append(const JointMixture& other, double log_weight_of_all);
};

/// How one mixture is fitted.
struct MixtureFit {
  int64_t components = 1;
  double prior_rows = 1.0;  // how many rows the prior counts as
};

/// A mixture by expectation and maximisation, on what of the rows is seen. One component alone
/// starts from, and is held to, independent standard normals; several to that one's fit, `pooled`,
/// and begin about rows drawn by lot, the best of three times.
///
/// Cost    rows * components * D^3 / 3 multiplications a step, and some ten steps; one
///         factorisation for all rows in a row that miss the same numbers.
/// Source  Ghahramani and Jordan 1994 (EM with missing values), NIPS 6; Fraley and Raftery 2007
///         (priors for it), doi:10.1007/s00357-007-0004-5; Biernacki et al. 2003 (short runs),
///         doi:10.1016/S0167-9473(02)00163-6.
JointMixture fit_mixture(const JointRows& rows, const MixtureFit& fit, const JointMixture* pooled,
                         const Stream& stream);

/// The mixtures of several sizes and priors, and of one Gaussian at several widths, as one of
/// `most` components at most: weighted so that rows that were held out, in up to eight folds, are
/// likeliest. Wide ones beside narrow ones make its tails as heavy as the rows' own. Where they are
/// more than `most`, mixtures go, or smaller ones take their place, by what that costs those rows.
///
/// Threads fits folds, then the up to 27 mixtures that count, on a thread of its own each; the same
///         result on any number of processors.
/// Source  Wolpert 1992, doi:10.1016/S0893-6080(05)80023-1; Smyth and Wolpert 1999 (stacked
///         densities), doi:10.1023/A:1007511322260.
JointMixture fit_stacked_mixture(const JointRows& rows, int64_t most, const Stream& stream);

/// log p of what is seen of each row.
std::vector<double> log_prob(const JointMixture& mixture, const JointRows& rows);

}  // namespace limbic::brain
