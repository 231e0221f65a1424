#include "limbic/evals/planning.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <utility>

#include "limbic/core/error.h"
#include "limbic/worlds/door_key.h"
#include "limbic/worlds/door_key_chain.h"
#include "limbic/worlds/selection.h"

namespace limbic::evals {
namespace {

using worlds::DoorKeyChain;
using worlds::DoorKeyState;
using worlds::Episodes;
using worlds::Schema;

std::vector<config::Located> globs(const std::vector<const char*>& texts) {
  std::vector<config::Located> globs;
  for (const char* text : texts) globs.push_back({.text = text, .mark = {}});
  return globs;
}

// The one cell of a variable at a tick: [B], a view.
at::Tensor cell(const Episodes& episodes, const Schema& schema, const char* name, int64_t tick) {
  return episodes.value[schema.require(name)].select(1, tick).select(1, 0);
}

std::vector<int64_t> numbers(const at::Tensor& cell_B) {
  const at::Tensor plain_B = cell_B.to(at::kCPU).contiguous();
  return {plain_B.const_data_ptr<int64_t>(), plain_B.const_data_ptr<int64_t>() + plain_B.numel()};
}

std::vector<DoorKeyState> starts(const Episodes& episodes, const Schema& schema) {
  const auto agent = numbers(cell(episodes, schema, "position", 0));
  const auto key = numbers(cell(episodes, schema, "key", 0));
  std::vector<DoorKeyState> states;
  for (size_t b = 0; b < agent.size(); ++b) states.push_back({.agent = agent[b], .key = key[b]});
  return states;
}

void move(std::vector<DoorKeyState>& states, const at::Tensor& action_B) {
  const std::vector<int64_t> action = numbers(action_B);
  for (size_t b = 0; b < states.size(); ++b) states[b] = worlds::after(states[b], action[b]);
}

int64_t count_on_goal(const std::vector<DoorKeyState>& states) {
  int64_t count = 0;
  for (const DoorKeyState& state : states) count += state.agent == worlds::kGoalCell;
  return count;
}

// The starts from which some moves, one a tick, end on the goal.
std::vector<DoorKeyState> solvable_starts(int64_t num_ticks) {
  const DoorKeyChain chain;
  std::vector<bool> can_end_there(chain.size());
  for (int64_t state = 0; state < chain.size(); ++state)
    can_end_there[state] = chain[state].agent == worlds::kGoalCell;
  for (int64_t tick = 0; tick < num_ticks; ++tick) {
    const std::vector<bool> can_later =
        std::exchange(can_end_there, std::vector<bool>(chain.size()));
    for (int64_t state = 0; state < chain.size(); ++state)
      for (int64_t move = 0; move < DoorKeyChain::kNumMoves; ++move)
        if (can_later[chain.next(state, move)]) can_end_there[state] = true;
  }
  std::vector<DoorKeyState> solvable;
  for (int64_t start = 0; start < DoorKeyChain::kNumStarts; ++start)
    if (can_end_there[start]) solvable.push_back(chain[start]);
  return solvable;
}

int64_t count_among(const std::vector<DoorKeyState>& some,
                    const std::vector<DoorKeyState>& states) {
  return std::ranges::count_if(states, [&](const DoorKeyState& state) {
    return std::ranges::find(some, state) != some.end();
  });
}

// What is seen of these states at a tick, and the return of who will end on the goal.
void write(const std::vector<DoorKeyState>& states, const Schema& schema, int64_t tick,
           Episodes& episodes) {
  std::vector<int64_t> agent, key, reward_to_go;
  for (const DoorKeyState& state : states) {
    agent.push_back(state.agent);
    key.push_back(state.key);
    reward_to_go.push_back(worlds::steps_to_goal(state.agent) - DoorKeyChain::kLeastReturn);
  }
  cell(episodes, schema, "position", tick).copy_(at::tensor(agent));
  cell(episodes, schema, "key", tick).copy_(at::tensor(key));
  cell(episodes, schema, "return_to_go", tick).copy_(at::tensor(reward_to_go));
}

// Where the episodes end if the cortex acts.
std::vector<DoorKeyState> play(brain::Cortex& cortex, const Schema& schema, Episodes episodes,
                               const Stream& stream) {
  for (at::Tensor& column : episodes.value) column = column.clone();
  std::vector<DoorKeyState> states = starts(episodes, schema);
  const auto known = globs({"state@past", "state@now", "action@past", "return_to_go@now"});
  for (int64_t tick = 0; tick < schema.num_ticks(); ++tick) {
    write(states, schema, tick, episodes);
    const auto mask = [&](const std::vector<config::Located>& globs) {
      return worlds::select_cells(schema, globs, tick).expand_as(episodes.present_BTV).contiguous();
    };
    const worlds::Roles roles{mask(known), mask(globs({"action@now"}))};
    const Episodes drawn = cortex.sample(episodes, roles, {}, stream.at(tick));
    const at::Tensor action_B = cell(drawn, schema, "action", tick);
    cell(episodes, schema, "action", tick).copy_(action_B);
    move(states, action_B);
  }
  return states;
}

}  // namespace

std::vector<config::Reported> PlanningConfig::reported() {
  using config::Direction;
  return {{"", Direction::kHigher, "episodes that end on the goal if the cortex acts [share]"},
          {"behaviour", {}, "those in which the demonstrators ended there [share]"},
          {"possible", {}, "those from whose start some moves end there [share]"}};
}

Planning::Planning(PlanningConfig config) : config_(std::move(config)) {}

void Planning::check(const brain::Brain& brain, const worlds::World& world) const {
  brain.cortex().require_predictions();
  check_held_out(config_.held_out, world);
  if (dynamic_cast<const worlds::DoorKey*>(&world) == nullptr)
    throw input_error("planning: only door_key can be acted in so far");
}

std::vector<std::string> Planning::keys(const worlds::World&) const {
  return {"", "behaviour", "possible"};
}

Results Planning::run(brain::Brain& brain, const EpisodeSource& source) const {
  const Schema& schema = source.world.schema();
  const std::vector<DoorKeyState> solvable = solvable_starts(schema.num_ticks());
  int64_t rows = 0, imagined = 0, shown = 0, possible = 0;
  const auto visit = [&](const Episodes& episodes, const Stream& own) {
    std::vector<DoorKeyState> states = starts(episodes, schema);
    possible += count_among(solvable, states);
    for (int64_t tick = 0; tick < schema.num_ticks(); ++tick)
      move(states, cell(episodes, schema, "action", tick));
    shown += count_on_goal(states);
    rows += episodes.num_rows();
    imagined += count_on_goal(play(brain.cortex(), schema, episodes, own));
  };
  each_batch(config_.held_out, source, visit);
  const auto share = [&](int64_t count) {
    return static_cast<double>(count) / static_cast<double>(rows);
  };
  return {{"", share(imagined)}, {"behaviour", share(shown)}, {"possible", share(possible)}};
}

}  // namespace limbic::evals
