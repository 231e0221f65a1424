#include "limbic/worlds/door_key_rules.h"

#include <c10/util/Exception.h>

#include <algorithm>
#include <cstdlib>

#include "limbic/core/error.h"

namespace limbic::worlds {
namespace {

struct Place {
  int64_t x, y;
  friend bool operator==(const Place&, const Place&) = default;
};

constexpr std::array<Place, 4> kSteps{{{1, 0}, {0, 1}, {-1, 0}, {0, -1}}};
constexpr int64_t kSide = 4;
constexpr Place kDoor{3, 1}, kGoal{4, 4};

Place place_of(int64_t cell) { return {cell / kSide + 1, cell % kSide + 1}; }
int64_t cell_at(Place place) { return kSide * (place.x - 1) + place.y - 1; }
bool is_wall(Place place) { return place.x == kDoor.x && place.y > kDoor.y; }
int64_t steps_between(Place a, Place b) { return std::abs(a.x - b.x) + std::abs(a.y - b.y); }

Place ahead_of(int64_t cell, int64_t move) {
  TORCH_CHECK(move >= 0 && move < std::ssize(kSteps), "there are ", kSteps.size(),
              " moves, got number ", move);
  const Place from = place_of(cell), step = kSteps[move];
  return {from.x + step.x, from.y + step.y};
}

}  // namespace

std::string name_of_cell(int64_t cell) {
  return concat("x", place_of(cell).x, "y", place_of(cell).y);
}

DoorKeyState after(const DoorKeyState& state, int64_t move) {
  const Place ahead = ahead_of(state.agent, move);
  const bool is_inside = ahead.x >= 1 && ahead.x <= kSide && ahead.y >= 1 && ahead.y <= kSide;
  if (!is_inside || is_wall(ahead)) return state;
  const bool carries = state.carries() || state.key == cell_at(ahead);
  if (ahead == kDoor && !carries) return state;
  return {.agent = cell_at(ahead),
          .key = carries ? cell_at(ahead) : state.key,
          .is_open = state.is_open || ahead == kDoor};
}

int64_t steps_to_goal(int64_t cell) {
  const Place from = place_of(cell);
  if (from.x >= kDoor.x) return steps_between(from, kGoal);
  return steps_between(from, kDoor) + steps_between(kDoor, kGoal);
}

int64_t progress(const DoorKeyState& state, int64_t move) {
  const Place from = place_of(state.agent);
  const Place wanted = !state.carries() ? place_of(state.key) : state.is_open ? kGoal : kDoor;
  Place to = ahead_of(state.agent, move);
  to = {std::min(to.x, kSide), std::min(to.y, kSide)};
  if (is_wall(to)) to = from;
  return steps_between(from, wanted) - steps_between(to, wanted);
}

}  // namespace limbic::worlds
