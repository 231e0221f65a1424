#include "limbic/training/run_state.h"

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>

#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/json_reader.h"

namespace limbic::training {

using nlohmann::json;

namespace {

constexpr int64_t kFormat = 2;

json to_json(const BestCheckpoint& best) {
  return {{"rule", best.rule},
          {"value", number_to_json<json>(best.value)},
          {"step", best.step ? json(*best.step) : json()}};
}

BestCheckpoint best_from_json(const json& object, const std::string& place) {
  ObjectReader<json> reader(object, place);
  BestCheckpoint best{.rule = reader.text("rule"),
                      .value = reader.number("value"),
                      .step = reader.count_or_null("step")};
  reader.refuse_unread_keys();
  return best;
}

LossWindow window_from_json(const json& object, const std::string& place) {
  ObjectReader<json> reader(object, place);
  LossWindow window{.sum = reader.list("sum").get<std::vector<double>>(),
                    .count = reader.counts("count"),
                    .steps = reader.count("steps")};
  reader.refuse_unread_keys();
  return window;
}

}  // namespace

void BestCheckpoint::judge(const BestConfig& config, int64_t now, double measured) {
  const bool lower = config.direction != config::Direction::kHigher;
  const std::string asked = concat(lower ? "lower " : "higher ", config.of.text);
  if (asked != rule) *this = {.rule = asked};
  if (!std::isfinite(measured)) return;
  if (value && (lower ? measured >= *value : measured <= *value)) return;
  value = measured;
  step = now;
}

void BestCheckpoint::forget_unless_among(const std::vector<int64_t>& steps) {
  if (step && std::ranges::find(steps, *step) == steps.end()) *this = {};
}

std::string to_json(const RunState& state) {
  const json all = {
      {"format", kFormat},
      {"step", state.step},
      {"awaits_evals", state.awaits_evals},
      {"data", state.data},
      {"curriculum", curriculum::to_json(state.curriculum)},
      {"window",
       {{"sum", state.window.sum}, {"count", state.window.count}, {"steps", state.window.steps}}},
      {"audit", state.audit},
      {"best", to_json(state.best)},
      {"logs", state.logs}};
  return all.dump(1) + "\n";
}

RunState parse_run_state(const std::string& text, const std::string& file) {
  const json all = json::parse(text, nullptr, false);
  try {
    ObjectReader<json> reader(all, file);
    const int64_t format = reader.count("format");
    if (format != kFormat)
      throw input_error(file, ": format ", format, " is not ", kFormat,
                        ", the one that this limbic reads");
    RunState state{
        .step = reader.count("step"),
        .awaits_evals = reader.truth("awaits_evals"),
        .data = reader.text("data"),
        .curriculum = curriculum::state_from_json(reader.at("curriculum"), file + ": curriculum"),
        .window = window_from_json(reader.at("window"), file + ": window"),
        .audit = reader.at("audit").get<std::map<std::string, int64_t>>(),
        .best = best_from_json(reader.at("best"), file + ": best"),
        .logs = reader.at("logs").get<LogPositions>()};
    reader.refuse_unread_keys();
    return state;
  } catch (const json::exception& error) {
    throw damaged(file, ": ", error.what());
  }
}

RunState state_of(const Snapshot& snapshot) {
  return parse_run_state(snapshot.state_json, concat(snapshot.directory, "/", kStateName));
}

void require_same_data(const RunState& state, const worlds::World& world, const std::string& run) {
  if (state.data.empty() || state.data == world.fingerprint()) return;
  const std::string now = world.summary();
  throw input_error(run, ": its data has changed since it was trained",
                    now.empty() ? "" : ", and is now " + now,
                    "; put back what it was, or train another run");
}

}  // namespace limbic::training
