#pragma once

#include <vector>

#include "limbic/brain/cortex/base/joint_mixture.h"

namespace limbic::brain {

/// What a row says about each component of a mixture: how likely it is under it, and what it lets
/// one expect of the numbers that are not seen.
///
/// State   the row that was looked at last.
class Expectation {
 public:
  Expectation(const JointMixture& mixture, const JointRows& rows);

  void look_at(int64_t row);
  /// log of weight times density of what is seen.
  [[nodiscard]] double log_prob(int64_t component) const { return log_prob_[component]; }
  [[nodiscard]] double log_prob_of_all() const;
  /// Adds the component's first and second moments of the row, about its mean and times
  /// `responsibility`, to first [D] and the upper half of second [D, D].
  void add_moments(int64_t component, double responsibility, double* first, double* second);

 private:
  const JointMixture& mixture_;
  const JointRows& rows_;
  int64_t stride_;                   // of rows in what follows
  int64_t row_ = 0, num_seen_ = -1;  // of no row yet
  std::vector<int64_t> order_;       // what is seen, then the rest
  std::vector<double> upper_;        // [K, D, stride]
  std::vector<double> z_;            // [K, D]; of the rest minus what one expects, from the mean
  std::vector<double> log_prob_;     // [K]
  std::vector<double> apart_, scatter_;  // of one component, in that order
};

}  // namespace limbic::brain
