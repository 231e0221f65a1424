#include "limbic/worlds/door_key_oracle.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "limbic/worlds/choice.h"

namespace limbic::worlds {
namespace {

constexpr int64_t kNumEnds = 10;  // steps to the goal, 0 .. 9
constexpr int64_t kUnknown = -100;

double sum(const std::vector<double>& values) {
  return std::accumulate(values.begin(), values.end(), 0.0);
}

}  // namespace

/// What is known, tick by tick, kUnknown where nothing is.
struct DoorKeyOracle::Known {
  std::vector<int64_t> position, key, move, reward_to_go;

  Known(std::span<const double> row, std::span<const uint8_t> known) {
    const size_t num_ticks = row.size() / 4;
    size_t i = 0;
    for (auto* of : {&position, &key, &move, &reward_to_go})
      for (size_t t = 0; t < num_ticks; ++t, ++i)
        of->push_back(known[i] ? static_cast<int64_t>(row[i]) : kUnknown);
    for (int64_t& value : reward_to_go)
      if (value != kUnknown) value += DoorKeyChain::kLeastReturn;
  }
  [[nodiscard]] int64_t num_ticks() const { return std::ssize(move); }
  [[nodiscard]] bool allows(int64_t tick, int64_t a) const {
    return move[tick] == kUnknown || move[tick] == a;
  }
  /// How many ends must be told apart.
  [[nodiscard]] int64_t num_ends() const {
    const bool any = std::ranges::any_of(reward_to_go, [](int64_t r) { return r != kUnknown; });
    return any ? kNumEnds : 1;
  }
};

DoorKeyOracle::DoorKeyOracle(const Schema& schema, const DoorKeyChain& chain)
    : RowOracle(schema), chain_(chain) {}

bool DoorKeyOracle::agrees(const Known& known, int64_t tick, int64_t state, int64_t end) const {
  const auto is = [tick](const std::vector<int64_t>& of, int64_t value) {
    return of[tick] == kUnknown || of[tick] == value;
  };
  return is(known.position, chain_[state].agent) && is(known.key, chain_[state].key) &&
         is(known.reward_to_go, chain_.steps_to_goal(state) - end);
}

std::vector<double> DoorKeyOracle::messages(const Known& known, int64_t end) const {
  constexpr int64_t kNumBetas = DoorKeyChain::kNumBetas, kNumMoves = DoorKeyChain::kNumMoves;
  const int64_t num_states = chain_.size(), a_tick = kNumBetas * num_states;
  std::vector<double> messages((known.num_ticks() + 1) * a_tick, 0.0);
  for (int64_t i = 0; i < a_tick; ++i) {
    const bool ends = end == kAnyEnd || chain_.steps_to_goal(i % num_states) == end;
    messages[known.num_ticks() * a_tick + i] = ends ? 1 : 0;
  }
  for (int64_t tick = known.num_ticks() - 1; tick >= 0; --tick) {
    double* const now = messages.data() + tick * a_tick;
    const double* const later = now + a_tick;
    for (int64_t state = 0; state < num_states; ++state) {
      if (!agrees(known, tick, state, end)) continue;
      for (int64_t a = 0; a < kNumMoves; ++a) {
        if (!known.allows(tick, a)) continue;
        const int64_t next = chain_.next(state, a);
        for (int64_t beta = 0; beta < kNumBetas; ++beta) {
          now[beta * num_states + state] +=
              chain_.policy(beta, state)[a] * later[beta * num_states + next];
        }
      }
    }
  }
  return messages;
}

std::vector<double> DoorKeyOracle::beginnings(const std::vector<double>& messages) const {
  std::vector<double> share;
  for (int64_t beta = 0; beta < DoorKeyChain::kNumBetas; ++beta)
    for (int64_t start = 0; start < DoorKeyChain::kNumStarts; ++start)
      share.push_back(DoorKeyChain::kShareOfBeta[beta] / DoorKeyChain::kNumStarts *
                      messages[beta * chain_.size() + start]);
  return share;
}

std::vector<std::vector<double>> DoorKeyOracle::messages_of_ends(const Known& known) const {
  const int64_t num_ends = known.num_ends();
  std::vector<std::vector<double>> messages;
  for (int64_t end = 0; end < num_ends; ++end)
    messages.push_back(this->messages(known, num_ends == 1 ? kAnyEnd : end));
  return messages;
}

std::vector<double> DoorKeyOracle::share_of_ends(
    const std::vector<std::vector<double>>& messages) const {
  std::vector<double> share;
  for (const std::vector<double>& of_end : messages) share.push_back(sum(beginnings(of_end)));
  return share;
}

double DoorKeyOracle::log_density(std::span<const double> row,
                                  std::span<const uint8_t> known) const {
  return std::log(sum(share_of_ends(messages_of_ends(Known(row, known)))));
}

RowOracle::Completion DoorKeyOracle::completion(const std::vector<double>& row,
                                                const std::vector<uint8_t>& flags) const {
  const Known known(row, flags);
  const auto messages = messages_of_ends(known);
  const std::vector<double> ends = share_of_ends(messages);
  TORCH_CHECK(sum(ends) > 0, "what is observed of door_key cannot happen together");
  return [this, known, messages, ends](std::span<double> completed, const Stream& stream) {
    draw(known, messages[choose(ends, stream.uniform(0))], completed, stream);
  };
}

void DoorKeyOracle::draw(const Known& known, const std::vector<double>& messages,
                         std::span<double> row, const Stream& stream) const {
  const int64_t begin = choose(beginnings(messages), stream.uniform(1));
  const int64_t beta = begin / DoorKeyChain::kNumStarts;
  std::vector<int64_t> states{begin % DoorKeyChain::kNumStarts}, moves;
  for (int64_t tick = 0; tick < known.num_ticks(); ++tick) {
    const double* const later =
        messages.data() + ((tick + 1) * DoorKeyChain::kNumBetas + beta) * chain_.size();
    std::array<double, DoorKeyChain::kNumMoves> share = chain_.policy(beta, states.back());
    for (int64_t a = 0; a < DoorKeyChain::kNumMoves; ++a) {
      share[a] *= known.allows(tick, a) ? later[chain_.next(states.back(), a)] : 0;
    }
    moves.push_back(choose(share, stream.uniform(2 + tick)));
    states.push_back(chain_.next(states.back(), moves.back()));
  }
  chain_.write(states, moves, row);
}

}  // namespace limbic::worlds
