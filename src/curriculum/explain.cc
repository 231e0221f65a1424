#include "limbic/curriculum/explain.h"

#include <algorithm>

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

std::string told(const Decision& last, size_t num_evaluations) {
  constexpr size_t kWidth = 44;
  std::string result = concat(last.stage, last.visit > 1 ? concat(" (visit ", last.visit, ")") : "",
                              ": steps ", last.step - last.stage_step, " to ", last.step, ", ",
                              counted(static_cast<int64_t>(num_evaluations), "decision"), "\n  ",
                              ending(last), because(last), "\n");
  for (const Measurement& measurement : last.measurements) {
    result += measured_line(measurement, kWidth);
  }
  return result;
}

}  // namespace

std::vector<Decision> read_decisions(std::string_view log, const std::string& file) {
  std::vector<Decision> decisions;
  for (size_t end = log.find('\n'); end != std::string_view::npos; end = log.find('\n')) {
    const std::string place = concat(file, ":", decisions.size() + 1);
    decisions.push_back(decision_from_json_line(log.substr(0, end), place));
    log.remove_prefix(end + 1);
  }
  return decisions;
}

std::string explain(const std::vector<Decision>& decisions) {
  if (decisions.empty()) return "no decision yet\n";
  std::string result;
  size_t begin = 0;
  for (size_t i = 0; i < decisions.size(); ++i) {
    const bool is_last = i + 1 == decisions.size() || !is_same_stay(decisions[i], decisions[i + 1]);
    if (!is_last) continue;
    result += told(decisions[i], i + 1 - begin);
    begin = i + 1;
  }
  return result;
}

}  // namespace limbic::curriculum
