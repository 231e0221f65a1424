#pragma once

#include <array>
#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace limbic::curriculum {

enum class Status { kRunning, kFinished, kFailed };
constexpr auto enum_names(Status) {
  return std::array{std::pair{"running", Status::kRunning},
                    std::pair{"finished", Status::kFinished}, std::pair{"failed", Status::kFailed}};
}

/// What one leaf condition has seen since its stage was entered.
struct Track {
  int64_t streak = 0;
  std::optional<double> best;  // plateaus
  std::optional<double> last;  // may be NaN or infinite
};

/// All that a curriculum remembers: with the config it determines every further decision.
struct State {
  Status status = Status::kRunning;
  int64_t stage = 0;                // index
  int64_t entered_at = 0;           // steps done when it was entered
  std::vector<int64_t> visits;      // per stage
  std::vector<int64_t> fall_backs;  // per stage, out of it
  std::vector<Track> until;         // per leaf of the present stage's `until`
  std::vector<Track> fall_back;     // and of its `fall_back.when`
};

/// Exact: every double comes back to the last bit.
nlohmann::json to_json(const State& state);
/// Throws limbic::Error (damaged) on a missing, unknown or misshapen key; `place` begins its
/// message.
State state_from_json(const nlohmann::json& json, const std::string& place);

}  // namespace limbic::curriculum
