#pragma once

#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "limbic/curriculum/config_switch.h"
#include "limbic/curriculum/decision.h"

namespace limbic::curriculum {

/// A line of decisions.jsonl.
using LogLine = std::variant<Decision, ConfigSwitch>;

/// All lines of a decisions.jsonl; `file` is what messages call it.
/// Throws limbic::Error (damaged) naming file and line.
std::vector<LogLine> read_decisions(std::string_view log, const std::string& file);

/// A run's decisions for people: for each stay in a stage when it began, from which step on it went
/// by another config, why it ended or that it goes on, and what was measured last.
std::string explain(const std::vector<LogLine>& log);

}  // namespace limbic::curriculum
