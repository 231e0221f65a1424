#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace limbic::curriculum {

enum class Verdict { kStay, kAdvance, kFallBack, kFinish, kFail };
constexpr auto enum_names(Verdict) {
  return std::array{std::pair{"stay", Verdict::kStay}, std::pair{"advance", Verdict::kAdvance},
                    std::pair{"fall_back", Verdict::kFallBack},
                    std::pair{"finish", Verdict::kFinish}, std::pair{"fail", Verdict::kFail}};
}

/// What a verdict other than kStay rests on.
enum class Reason { kNone, kUntil, kFallBack, kTimeout };
constexpr auto enum_names(Reason) {
  return std::array{std::pair{"none", Reason::kNone}, std::pair{"until", Reason::kUntil},
                    std::pair{"fall_back", Reason::kFallBack},
                    std::pair{"timeout", Reason::kTimeout}};
}

/// One condition of the stage as it stood at a decision.
///
/// Units   measured, threshold: the metric's; of `after`: steps in the stage. A plateau's threshold
///         is its best value.
struct Measurement {
  Reason belongs_to = Reason::kUntil;  // kUntil or kFallBack
  std::string condition;               // Condition::text()
  std::optional<double> measured;      // the latest; none before the first evaluation
  std::optional<double> threshold;
  int64_t streak = 0;  // evaluations in a row for it; of a plateau: without getting better
  int64_t need = 0;
  bool is_fresh = false;  // measured at this very step
  bool is_met = false;
};

/// A verdict on whether to leave a stage: a line of decisions.jsonl.
struct Decision {
  Verdict verdict = Verdict::kStay;
  Reason reason = Reason::kNone;
  int64_t step = 0;
  int64_t stage_step = 0;
  std::string stage;
  int64_t visit = 1;                           // the first time in this stage is 1
  std::string to = {};                         // the stage that begins, if one does
  int64_t fall_backs = 0;                      // out of this stage, this one included
  int64_t fall_backs_allowed = 0;              // 0: it has no fall_back
  std::vector<Measurement> measurements = {};  // empty where nothing is to be logged

  /// True where something was evaluated or decided.
  [[nodiscard]] bool is_logged() const { return !measurements.empty(); }
  friend bool operator==(const Decision& a, const Decision& b);
};

/// A line of decisions.jsonl without its newline; no clock in it. NaN and infinities are text.
std::string to_json_line(const Decision& decision);
/// Throws limbic::Error (damaged), naming `place`, on anything that to_json_line does not write.
Decision decision_from_json_line(std::string_view line, const std::string& place);

/// For people, on one line: "step 1400: see -> fear after 1400 steps: eval/predict below 0.7 for 3
/// evals (0.65)".
std::string text(const Decision& decision);
/// "0.65, 3 of 3", "never measured".
std::string text(const Measurement& measurement);

}  // namespace limbic::curriculum
