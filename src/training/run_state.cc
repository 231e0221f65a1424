#include "limbic/training/run_state.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "limbic/core/error.h"

namespace limbic::training {

using nlohmann::json;

namespace {

template <class T>
json number_or_null(const std::optional<T>& number) {
  return number ? json(*number) : json();
}

template <class T>
std::optional<T> read_number_or_null(const json& object, const char* key) {
  const json& value = object.at(key);
  return value.is_null() ? std::nullopt : std::optional(value.get<T>());
}

json to_json(const BestCheckpoint& best) {
  return {{"rule", best.rule},
          {"value", number_or_null(best.value)},
          {"step", number_or_null(best.step)}};
}

BestCheckpoint best_from_json(const json& object) {
  return {object.value("rule", std::string()),  // runs of before have none
          read_number_or_null<double>(object, "value"),
          read_number_or_null<int64_t>(object, "step")};
}

}  // namespace

void BestCheckpoint::judge(const BestConfig& config, int64_t now, double measured) {
  const bool lower = config.direction == curriculum::Condition::Direction::kLower;
  const std::string asked = concat(lower ? "lower " : "higher ", config.of.text);
  if (asked != rule) *this = {.rule = asked};
  if (!std::isfinite(measured)) return;
  if (value && (lower ? measured >= *value : measured <= *value)) return;
  value = measured;
  step = now;
}

std::string to_json(const RunState& state) {
  const json all = {
      {"format", 1},
      {"step", state.step},
      {"awaits_evals", state.awaits_evals},
      {"finished", state.finished},
      {"curriculum", curriculum::to_json(state.curriculum)},
      {"window",
       {{"sum", state.window.sum}, {"count", state.window.count}, {"steps", state.window.steps}}},
      {"audit", state.audit},
      {"best", to_json(state.best)},
      {"logs", state.logs}};
  return all.dump(1) + "\n";
}

RunState parse_run_state(const std::string& text, const std::string& file) {
  try {
    const json all = json::parse(text);
    if (all.at("format").get<int64_t>() != 1) {
      throw input_error(file, ": format ", all.at("format").dump(),
                        " is not 1, the one that this limbic reads");
    }
    RunState state;
    state.step = all.at("step").get<int64_t>();
    state.awaits_evals = all.value("awaits_evals", false);  // runs of before have none
    state.finished = all.at("finished").get<bool>();
    state.curriculum = curriculum::state_from_json(all.at("curriculum"));
    state.window.sum = all.at("window").at("sum").get<std::vector<double>>();
    state.window.count = all.at("window").at("count").get<std::vector<int64_t>>();
    state.window.steps = all.at("window").at("steps").get<int64_t>();
    state.audit = all.at("audit").get<std::map<std::string, int64_t>>();
    state.best = best_from_json(all.at("best"));
    state.logs = all.at("logs").get<LogPositions>();
    return state;
  } catch (const json::exception& error) {
    throw damaged(file, ": ", error.what());
  }
}

}  // namespace limbic::training
