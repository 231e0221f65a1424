#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "limbic/worlds/door_key_rules.h"

namespace limbic::worlds {

/// All states of `door_key` that can be reached, numbered, and how demonstrators walk among them.
///
///   P(move) = softmax(beta * progress(move))
///
/// Shapes  77 states; the first 56 are the starts, equally likely.
class DoorKeyChain {
 public:
  static constexpr std::array<double, 3> kBetas{0.5, 1, 3};
  static constexpr std::array<double, 3> kShareOfBeta{0.3, 0.6, 0.1};
  static constexpr int64_t kNumBetas = 3, kNumMoves = 4, kNumStarts = 56;
  /// Returns are -6 .. 10, as categories 0 .. 16. (In ten moves -6 to 9 can happen.)
  static constexpr int64_t kNumReturns = 17, kLeastReturn = -6;

  DoorKeyChain();

  [[nodiscard]] int64_t size() const { return std::ssize(states_); }
  [[nodiscard]] const DoorKeyState& operator[](int64_t state) const { return states_[state]; }
  [[nodiscard]] int64_t steps_to_goal(int64_t state) const { return steps_to_goal_[state]; }
  [[nodiscard]] int64_t next(int64_t state, int64_t move) const { return next_[state][move]; }
  /// P(move | state) of the demonstrator with kBetas[beta].
  [[nodiscard]] const std::array<double, kNumMoves>& policy(int64_t beta, int64_t state) const {
    return policy_[beta][state];
  }

  /// Writes T moves and the T + 1 states around them as a row of the world: positions, key
  /// positions, moves, returns to go.
  void write(std::span<const int64_t> states, std::span<const int64_t> moves,
             std::span<double> row) const;

 private:
  std::vector<DoorKeyState> states_;
  std::vector<int64_t> steps_to_goal_;
  std::vector<std::array<int64_t, kNumMoves>> next_;
  std::array<std::vector<std::array<double, kNumMoves>>, kNumBetas> policy_;
};

}  // namespace limbic::worlds
