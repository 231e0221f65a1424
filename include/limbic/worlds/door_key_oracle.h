#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/door_key_chain.h"
#include "limbic/worlds/row_oracle.h"

namespace limbic::worlds {

/// Exact conditionals of `door_key`, by messages backward in time over the demonstrator and the
/// state, and by a draw forward in time.
///
///   m_t(beta, s) = [s agrees with what is known at t] *
///                  sum over moves a that agree of P(a | s, beta) m_t+1(beta, next(s, a))
///
/// A return to go is steps_to_goal(s_t) - steps_to_goal(s_T): where one is known, this is done for
/// each distance 0 .. 9 at which the episode may end, and summed.
///
/// Errors  what is observed together must be possible, else log_prob is NaN and sample refuses.
/// Cost    8 us a density or question; up to ten times that where a return is known.
class DoorKeyOracle final : public RowOracle {
 public:
  DoorKeyOracle(const Schema& schema, const DoorKeyChain& chain);

 private:
  struct Known;
  static constexpr int64_t kAnyEnd = -1;

  [[nodiscard]] double log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const override;
  [[nodiscard]] Completion completion(const std::vector<double>& row,
                                      const std::vector<uint8_t>& known) const override;

  [[nodiscard]] bool agrees(const Known& known, int64_t tick, int64_t state, int64_t end) const;
  /// [T + 1, betas, states] for episodes that end `end` steps from the goal.
  [[nodiscard]] std::vector<double> messages(const Known& known, int64_t end) const;
  /// P(beta, start, all that is known), of [betas, starts].
  [[nodiscard]] std::vector<double> beginnings(const std::vector<double>& messages) const;
  /// The messages of each end that must be told apart.
  [[nodiscard]] std::vector<std::vector<double>> messages_of_ends(const Known& known) const;
  /// P(all that is known, end), given those.
  [[nodiscard]] std::vector<double> share_of_ends(
      const std::vector<std::vector<double>>& messages) const;
  /// Draws a row forward in time, given the messages of its end.
  void draw(const Known& known, const std::vector<double>& messages, std::span<double> row,
            const Stream& stream) const;

  DoorKeyChain chain_;
};

}  // namespace limbic::worlds
