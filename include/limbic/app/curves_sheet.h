#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "limbic/app/metric_curves.h"

namespace limbic::app {

inline constexpr size_t kMostCurvePanels = 24;

/// What runs measured, to be drawn.
struct CurvesSheet {
  std::vector<std::string> names;  // of the runs
  std::vector<RunCurves> runs;
  std::vector<StageBegin> stages;    // of the first run
  std::vector<std::string> metrics;  // a panel each
};

/// An SVG: of each metric a panel over steps with a line a run, on a logarithmic axis for a loss
/// whose values are positive and a factor of more than 20 apart. What was measured once is a point,
/// and where a value is not finite a line is broken.
///
/// REQUIRES: one run or more, as many names, at most kMostCurvePanels metrics, at least one.
std::string draw_curves(const CurvesSheet& sheet);

}  // namespace limbic::app
