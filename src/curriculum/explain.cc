#include "limbic/curriculum/explain.h"

#include <utility>

#include "limbic/core/error.h"
#include "limbic/core/text.h"
#include "limbic/curriculum/condition.h"

namespace limbic::curriculum {
namespace {

bool is_same_stay(const Decision& a, const Decision& b) {
  return a.stage == b.stage && a.visit == b.visit;
}

std::string ending(const Decision& last) {
  switch (last.verdict) {
    case Verdict::kStay:
      return "not yet left";
    case Verdict::kAdvance:
      return concat("left for ", last.to);
    case Verdict::kFallBack:
      return concat("fell back to ", last.to, " (", last.fall_backs, " of ",
                    last.fall_backs_allowed, ")");
    case Verdict::kFinish:
      return "finished the run";
    case Verdict::kFail:
      return "failed";
  }
  return "";
}

std::string because(const Decision& last) {
  switch (last.reason) {
    case Reason::kUntil:
      return ": 'until' holds";
    case Reason::kFallBack:
      return ": 'fall_back' holds";
    case Reason::kTimeout:
      return ": its time was up";
    case Reason::kNone:
      return "";
  }
  return "";
}

std::string measured_line(const Measurement& measurement, size_t width) {
  const std::string name =
      (measurement.belongs_to == Reason::kFallBack ? "fall back: " : "") + measurement.condition;
  const std::string padding(width > name.size() ? width - name.size() : 0, ' ');
  return concat("    ", measurement.is_met ? "[x] " : "[ ] ", name, padding, "  ",
                text(measurement), "\n");
}

/// `switches`: lines of what changed within the stay.
std::string told(const Decision& last, int64_t num_decisions, const std::string& switches) {
  constexpr size_t kWidth = 44;
  std::string result = concat(last.stage, last.visit > 1 ? concat(" (visit ", last.visit, ")") : "",
                              ": steps ", last.step - last.stage_step, " to ", last.step,
                              ", looked at ", counted(num_decisions, "time"), "\n", switches, "  ",
                              ending(last), because(last), "\n");
  for (const Measurement& measurement : last.measurements) {
    result += measured_line(measurement, kWidth);
  }
  return result;
}

}  // namespace

std::vector<LogLine> read_decisions(std::string_view log, const std::string& file) {
  std::vector<LogLine> lines;
  for (size_t end = log.find('\n'); end != std::string_view::npos; end = log.find('\n')) {
    const std::string place = concat(file, ":", lines.size() + 1);
    const std::string_view line = log.substr(0, end);
    if (is_config_switch(line))
      lines.emplace_back(config_switch_from_json_line(line, place));
    else
      lines.emplace_back(decision_from_json_line(line, place));
    log.remove_prefix(end + 1);
  }
  return lines;
}

std::string explain(const std::vector<LogLine>& log) {
  std::string result, within, since;  // the stay that is told next; its last decision
  const Decision* last = nullptr;
  int64_t num_decisions = 0;
  for (const LogLine& line : log) {
    if (const auto* config_switch = std::get_if<ConfigSwitch>(&line)) {
      since += concat("  ", text(*config_switch), "\n");
      continue;
    }
    const auto& decision = std::get<Decision>(line);
    if (last && !is_same_stay(*last, decision)) {
      result += told(*last, std::exchange(num_decisions, 0), within);
      within.clear();
    }
    within += std::exchange(since, "");
    last = &decision;
    ++num_decisions;
  }
  result += last ? told(*last, num_decisions, within) : "no decision yet\n";
  return result + since;
}

}  // namespace limbic::curriculum
