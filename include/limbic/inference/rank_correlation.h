#pragma once

#include <vector>

namespace limbic::inference {

/// Spearman's rank correlation. Equal values share the mean of their ranks; NaN where all values of
/// one side are equal or there are fewer than two.
double rank_correlation(const std::vector<double>& a, const std::vector<double>& b);

}  // namespace limbic::inference
