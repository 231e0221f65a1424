#pragma once

#include <string>
#include <vector>

#include "limbic/app/protocol.h"

namespace limbic::app {

/// One SVG with a panel for each finding: its learning curves, its criterion, whether it holds.
std::string draw_sheet(const std::vector<Finding>& findings);

}  // namespace limbic::app
