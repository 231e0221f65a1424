#include "limbic/training/run_state.h"

#include <nlohmann/json.hpp>

#include "limbic/core/error.h"

namespace limbic::training {

using nlohmann::json;

std::string to_json(const RunState& state) {
  const json all = {{"format", 1},
                    {"step", state.step},
                    {"seed", state.seed},
                    {"finished", state.finished},
                    {"curriculum", curriculum::to_json(state.curriculum)},
                    {"window", {{"sum", state.window.sum}, {"count", state.window.count}}},
                    {"audit", state.audit},
                    {"logs", state.logs}};
  return all.dump(1) + "\n";
}

RunState parse_run_state(const std::string& text, const std::string& file) {
  try {
    const json all = json::parse(text);
    if (all.at("format").get<int64_t>() != 1) {
      throw input_error(file, ": format ", all.at("format").dump(), " is not 1, the one that this limbic reads");
    }
    RunState state;
    state.step = all.at("step").get<int64_t>();
    state.seed = all.at("seed").get<uint64_t>();
    state.finished = all.at("finished").get<bool>();
    state.curriculum = curriculum::state_from_json(all.at("curriculum"));
    state.window.sum = all.at("window").at("sum").get<std::vector<double>>();
    state.window.count = all.at("window").at("count").get<int64_t>();
    state.audit = all.at("audit").get<std::map<std::string, int64_t>>();
    state.logs = all.at("logs").get<LogPositions>();
    return state;
  } catch (const json::exception& error) {
    throw damaged(file, ": ", error.what());
  }
}

}  // namespace limbic::training
