#include "limbic/worlds/door_key_chain.h"

#include <algorithm>
#include <cmath>

namespace limbic::worlds {
namespace {

constexpr int64_t kNumStartCells = 8;  // with x < 3

std::array<double, 4> softmax_of_progress(const DoorKeyState& state, double beta) {
  std::array<double, 4> share;
  double sum = 0;
  for (int64_t move = 0; move < 4; ++move) {
    share[move] = std::exp(beta * static_cast<double>(progress(state, move)));
    sum += share[move];
  }
  for (double& value : share) value /= sum;
  return share;
}

}  // namespace

DoorKeyChain::DoorKeyChain() {
  for (int64_t agent = 0; agent < kNumStartCells; ++agent)
    for (int64_t key = 0; key < kNumStartCells; ++key)
      if (agent != key) states_.push_back({.agent = agent, .key = key});
  for (int64_t i = 0; i < size(); ++i) {  // states_ grows
    const DoorKeyState state = states_[i];
    auto& next = next_.emplace_back();
    for (int64_t move = 0; move < kNumMoves; ++move) {
      const DoorKeyState to = after(state, move);
      next[move] = std::ranges::find(states_, to) - states_.begin();
      if (next[move] == size()) states_.push_back(to);
    }
    steps_to_goal_.push_back(worlds::steps_to_goal(state.agent));
    for (int64_t beta = 0; beta < kNumBetas; ++beta)
      policy_[beta].push_back(softmax_of_progress(state, kBetas[beta]));
  }
}

void DoorKeyChain::write(std::span<const int64_t> states, std::span<const int64_t> moves,
                         std::span<double> row) const {
  const auto num_ticks = std::ssize(moves);
  for (int64_t t = 0; t < num_ticks; ++t) {
    const int64_t reward_to_go = steps_to_goal(states[t]) - steps_to_goal(states.back());
    row[t] = static_cast<double>(states_[states[t]].agent);
    row[num_ticks + t] = static_cast<double>(states_[states[t]].key);
    row[2 * num_ticks + t] = static_cast<double>(moves[t]);
    row[3 * num_ticks + t] = static_cast<double>(reward_to_go - kLeastReturn);
  }
}

}  // namespace limbic::worlds
