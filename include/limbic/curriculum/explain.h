#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "limbic/curriculum/decision.h"

namespace limbic::curriculum {

/// All lines of a decisions.jsonl; `file` is what messages call it.
/// Throws limbic::Error (damaged) naming file and line.
std::vector<Decision> read_decisions(std::string_view log, const std::string& file);

/// A run's decisions for people: for each stay in a stage when it began, why it ended or that it
/// goes on, and what was measured last.
std::string explain(const std::vector<Decision>& decisions);

}  // namespace limbic::curriculum
