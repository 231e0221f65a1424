#pragma once

#include <string>
#include <vector>

#include "limbic/app/protocol.h"

namespace limbic::app {

/// One SVG with a panel for each result: its learning curves, its criterion, whether it holds.
std::string draw_sheet(const std::vector<ProtocolResult>& results);

}  // namespace limbic::app
