#pragma once

#include <array>
#include <cstdint>
#include <string>

namespace limbic::worlds {

/// Where things are. A cell is 4 (x - 1) + (y - 1); x goes right and y down, both from 1 to 4.
///
///   y=1  . . D .      D the door (3, 1), locked until who carries the key walks into it
///   y=2  . . # .      # wall
///   y=3  . . # .      agent and key start at two different cells with x < 3
///   y=4  . . # G      G the goal (4, 4)
struct DoorKeyState {
  int64_t agent = 0;
  int64_t key = 0;  // the agent's cell: it carries the key, from now on
  bool is_open = false;

  [[nodiscard]] bool carries() const { return key == agent; }
  friend bool operator==(const DoorKeyState&, const DoorKeyState&) = default;
};

inline constexpr int64_t kNumCells = 16;
inline constexpr int64_t kGoalCell = 15;
inline constexpr std::array<const char*, 4> kMoves{"right", "down", "left", "up"};

std::string name_of_cell(int64_t cell);  // x1y1 .. x4y4

/// What a move leads to: it picks up the key in the cell ahead, opens the door ahead if it has the
/// key, then goes ahead if it can.
DoorKeyState after(const DoorKeyState& state, int64_t move);
/// Steps from a cell to the goal through the door, with no regard to the key.
int64_t steps_to_goal(int64_t cell);
/// By how much a move seems to bring the demonstrator nearer to what it wants now: the key, then
/// the door, then the goal. It measures |dx| + |dy| as if only the wall's cells were in the way,
/// and believes that it can step out to x = 0 and y = 0, but not to x = 5 and y = 5.
int64_t progress(const DoorKeyState& state, int64_t move);

}  // namespace limbic::worlds
