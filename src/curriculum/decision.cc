#include "limbic/curriculum/decision.h"

#include <nlohmann/json.hpp>
#include <utility>

#include "limbic/core/json_number.h"
#include "limbic/core/json_reader.h"
#include "limbic/curriculum/condition.h"

namespace limbic::curriculum {
namespace {

using Json = nlohmann::ordered_json;

Json to_json(const Measurement& measurement) {
  return {{"of", name_of(measurement.belongs_to)},
          {"condition", measurement.condition},
          {"measured", number_to_json<Json>(measurement.measured)},
          {"threshold", number_to_json<Json>(measurement.threshold)},
          {"streak", measurement.streak},
          {"need", measurement.need},
          {"fresh", measurement.is_fresh},
          {"met", measurement.is_met}};
}

Measurement measurement_from_json(const Json& json, const std::string& place) {
  ObjectReader<Json> reader(json, place + ": a condition");
  Measurement measurement{.belongs_to = reader.choice<Reason>("of"),
                          .condition = reader.text("condition"),
                          .measured = reader.number("measured"),
                          .threshold = reader.number("threshold"),
                          .streak = reader.count("streak"),
                          .need = reader.count("need"),
                          .is_fresh = reader.truth("fresh"),
                          .is_met = reader.truth("met")};
  reader.refuse_unread_keys();
  return measurement;
}

std::string what_happened(const Decision& decision) {
  const std::string after = " after " + steps_text(decision.stage_step);
  switch (decision.verdict) {
    case Verdict::kStay:
      return decision.stage + " goes on" + after;
    case Verdict::kAdvance:
      return decision.stage + " -> " + decision.to + after;
    case Verdict::kFallBack:
      return concat(decision.stage, " -> ", decision.to, " (fall-back ", decision.fall_backs,
                    " of ", decision.fall_backs_allowed, ")", after);
    case Verdict::kFinish:
      return decision.stage + " finished the run" + after;
    case Verdict::kFail:
      return decision.stage + " failed" + after;
  }
  return "";
}

/// What spoke for the verdict; where nothing did, all that was waited for. An `after` that holds is
/// told by what_happened.
bool is_told(const Decision& decision, const Measurement& measurement) {
  if (measurement.is_met && measurement.condition.starts_with("after ")) return false;
  const bool is_over = decision.reason == Reason::kUntil || decision.reason == Reason::kFallBack;
  if (is_over) return measurement.is_met && measurement.belongs_to == decision.reason;
  return measurement.belongs_to == Reason::kUntil;
}

}  // namespace

bool operator==(const Decision& a, const Decision& b) { return to_json_line(a) == to_json_line(b); }

std::string to_json_line(const Decision& decision) {
  Json conditions = Json::array();
  for (const Measurement& measurement : decision.measurements) {
    conditions.push_back(to_json(measurement));
  }
  const Json line = {{"step", decision.step},
                     {"stage", decision.stage},
                     {"visit", decision.visit},
                     {"stage_step", decision.stage_step},
                     {"verdict", name_of(decision.verdict)},
                     {"reason", name_of(decision.reason)},
                     {"to", decision.to},
                     {"fall_backs", decision.fall_backs},
                     {"fall_backs_allowed", decision.fall_backs_allowed},
                     {"conditions", std::move(conditions)}};
  return line.dump();
}

Decision decision_from_json_line(std::string_view line, const std::string& place) {
  const Json json = Json::parse(line, nullptr, false);
  ObjectReader<Json> reader(json, place);
  Decision decision{.verdict = reader.choice<Verdict>("verdict"),
                    .reason = reader.choice<Reason>("reason"),
                    .step = reader.count("step"),
                    .stage_step = reader.count("stage_step"),
                    .stage = reader.text("stage"),
                    .visit = reader.count("visit"),
                    .to = reader.text("to"),
                    .fall_backs = reader.count("fall_backs"),
                    .fall_backs_allowed = reader.count("fall_backs_allowed")};
  for (const Json& condition : reader.list("conditions")) {
    decision.measurements.push_back(measurement_from_json(condition, place));
  }
  reader.refuse_unread_keys();
  return decision;
}

std::string text(const Measurement& measurement) {
  if (!measurement.measured) return "never measured";
  const std::string value = number_text(*measurement.measured);
  if (measurement.need == 1) return value;
  return concat(value, ", ", measurement.streak, " of ", measurement.need);
}

std::string text(const Decision& decision) {
  std::string result = concat("step ", decision.step, ": ", what_happened(decision));
  if (decision.reason == Reason::kTimeout) result += ", its time being up";
  std::string_view separator = ": ";
  for (const Measurement& measurement : decision.measurements) {
    if (!is_told(decision, measurement)) continue;
    result += concat(separator, measurement.condition, " (", text(measurement), ")");
    separator = "; ";
  }
  return result;
}

}  // namespace limbic::curriculum
