#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace limbic::app {

/// What was measured of one metric, by step.
using MetricCurve = std::map<int64_t, double>;
/// By a metric's name; none is empty.
using MetricCurves = std::map<std::string, MetricCurve>;

/// All that a run measured.
struct RunCurves {
  std::string run;   // as it was given
  int64_t step = 0;  // the last at which something was measured
  MetricCurves metrics = {};

  /// None where the run never measured it.
  [[nodiscard]] std::optional<double> last(const std::string& metric) const;
};

/// What a run's log holds.
///
/// Errors  damaged as read_metrics.
MetricCurves read_metric_curves(const std::string& run);
/// Errors  limbic::Error: input if it is no run, or has no metrics yet; damaged as read_metrics.
RunCurves read_curves(const std::string& run);

/// Where a stage began.
struct StageBegin {
  int64_t step = 0;
  std::string stage;
  bool operator==(const StageBegin&) const = default;
};

/// Of a run, in order: from its first decision on.
///
/// Errors  damaged as curriculum::read_decisions.
std::vector<StageBegin> read_stages(const std::string& run);

/// Names of all metrics of the runs that a glob fits, sorted; without globs, of all.
///
/// Errors  limbic::Error (input): a glob fits none.
std::vector<std::string> choose_metrics(const std::vector<RunCurves>& runs,
                                        const std::vector<std::string>& globs);

/// Paths without the folders that all of them begin with.
std::vector<std::string> without_common_folder(const std::vector<std::string>& paths);

/// Of one number over the runs that have it; a NaN counts in mean and deviation alone.
struct Spread {
  int64_t n = 0;
  std::optional<double> mean = {}, least = {}, most = {};  // from one on
  std::optional<double> deviation = {};                    // the sample's (n - 1), from two on
};
Spread spread_over(const std::vector<RunCurves>& runs, const std::string& metric);

struct CurvePoint {
  double step, value;
  bool operator==(const CurvePoint&) const = default;
};

/// A curve's points, at most so many: where there are more, the first, the last, and between them
/// means of neighbours.
///
/// REQUIRES: most > 2.
std::vector<CurvePoint> thinned(const MetricCurve& curve, size_t most);

}  // namespace limbic::app
