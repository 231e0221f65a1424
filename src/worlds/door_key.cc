#include "limbic/worlds/door_key.h"

#include <string>
#include <utility>
#include <vector>

#include "limbic/worlds/choice.h"

namespace limbic::worlds {
namespace {

Schema make_schema(int64_t horizon) {
  std::vector<std::string> cells, returns;
  for (int64_t cell = 0; cell < kNumCells; ++cell) cells.push_back(name_of_cell(cell));
  for (int64_t i = 0; i < DoorKeyChain::kNumReturns; ++i)
    returns.push_back(std::to_string(DoorKeyChain::kLeastReturn + i));
  const auto category = [horizon](const char* name, const char* modality,
                                  std::vector<std::string> names) {
    return Variable{.name = name,
                    .kind = Kind::kCategory,
                    .size = std::ssize(names),
                    .num_ticks = horizon,
                    .modality = modality,
                    .names = std::move(names)};
  };
  return Schema({category("position", "state", cells), category("key", "state", cells),
                 category("action", "action", {kMoves.begin(), kMoves.end()}),
                 category("return_to_go", "return_to_go", returns)},
                horizon);
}

}  // namespace

DoorKey::DoorKey(const DoorKeyConfig& config)
    : Simulator(make_schema(config.horizon), config.simulator), oracle_(schema(), chain_) {}

void DoorKey::simulate(std::span<double> row, const Stream& stream) const {
  const int64_t beta = choose(DoorKeyChain::kShareOfBeta, stream.uniform(0));
  const Stream walk = stream.child("walk");
  std::vector<int64_t> states{stream.child("start").below(DoorKeyChain::kNumStarts, 0)}, moves;
  for (int64_t tick = 0; tick < schema().num_ticks(); ++tick) {
    moves.push_back(choose(chain_.policy(beta, states.back()), walk.uniform(tick)));
    states.push_back(chain_.next(states.back(), moves.back()));
  }
  chain_.write(states, moves, row);
}

}  // namespace limbic::worlds
