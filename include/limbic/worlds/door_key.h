#pragma once

#include <cstdint>
#include <span>

#include "limbic/worlds/door_key_oracle.h"
#include "limbic/worlds/simulator.h"

namespace limbic::worlds {

/// YAML: `world: {type: door_key}`.
struct DoorKeyConfig {
  int64_t horizon = 10;
  SimulatorConfig simulator = {};

  static void fields(auto& self, auto&& field) {
    field("horizon", self.horizon, config::within<int64_t>(1, 10), "moves of an episode");
    SimulatorConfig::fields(self.simulator, field);
  }
};

/// A world of actions: someone more or less able fetches a key, opens a door, walks to a goal.
/// door_key_rules.h has the map and the rules.
///
///   beta is one of .5, 1, 3 with .3, .6, .1, hidden, the same in a whole episode
///   P(move) = softmax(beta * progress(move));  reward = decrease of the steps to the goal
///
/// Which of the 77 states it is shows in position and key but for the door: whether it stands open
/// while the agent is back at x < 3 is hidden (there are 69 pairs). It changes what the
/// demonstrator wants, never what moves do.
///
/// Shapes  position, key: 16 cells; action: 4 moves; return_to_go: rewards from here to the end, -6
///         to 10. One category each at ticks 0 .. horizon - 1; the state after the last move shows
///         only in the returns. key: the agent's cell once it is carried.
/// Source  Carroll et al. 2022, arXiv:2211.10869 (uniMASK), in which floors of questions about the
///         last state or waypoints are means over the moves before the last tick.
class DoorKey final : public Simulator {
 public:
  explicit DoorKey(const DoorKeyConfig& config);

  [[nodiscard]] const Oracle* oracle() const override { return &oracle_; }

 private:
  void simulate(std::span<double> row, const Stream& stream) const override;

  DoorKeyChain chain_;
  DoorKeyOracle oracle_;
};

}  // namespace limbic::worlds
