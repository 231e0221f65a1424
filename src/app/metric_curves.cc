#include "limbic/app/metric_curves.h"

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <numeric>
#include <set>
#include <variant>

#include "limbic/app/trained.h"
#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/glob.h"
#include "limbic/core/suggest.h"
#include "limbic/curriculum/explain.h"
#include "limbic/training/metrics_log.h"
#include "limbic/training/run_directory.h"

namespace limbic::app {
namespace {

// The tail of a refusal. A metric is easily named without its kind: 'predict' for 'loss/predict'.
std::string meant_metric(const std::string& glob, const std::vector<std::string>& known) {
  const bool is_part = std::ranges::any_of(
      known, [&](const std::string& name) { return name.find(glob) != std::string::npos; });
  return is_part ? concat("; did you mean '*", glob, "*'?") : did_you_mean(glob, known);
}

std::vector<std::string> parts_of(const std::string& path) {
  std::vector<std::string> parts;
  for (const auto& part : std::filesystem::path(path).lexically_normal())
    if (!part.empty()) parts.push_back(part.string());
  return parts;
}

CurvePoint mean_of(const std::vector<CurvePoint>& points, size_t begin, size_t end) {
  CurvePoint sum{0, 0};
  for (size_t i = begin; i < end; ++i) {
    sum.step += points[i].step;
    sum.value += points[i].value;
  }
  const auto count = static_cast<double>(end - begin);
  return {sum.step / count, sum.value / count};
}

}  // namespace

std::optional<double> RunCurves::last(const std::string& metric) const {
  const auto found = metrics.find(metric);
  if (found == metrics.end()) return std::nullopt;
  return found->second.rbegin()->second;
}

MetricCurves read_metric_curves(const std::string& run) {
  MetricCurves curves;
  for (const auto& row : training::read_metrics(training::RunPaths{run}.metrics()))
    for (const auto& [name, value] : row.values) curves[name][row.step] = value;
  return curves;
}

RunCurves read_curves(const std::string& run) {
  require_run(run, "that run");
  RunCurves curves{.run = run, .metrics = read_metric_curves(run)};
  if (curves.metrics.empty()) throw input_error(run, ": no metrics yet");
  for (const auto& [name, curve] : curves.metrics)
    curves.step = std::max(curves.step, curve.rbegin()->first);
  return curves;
}

std::vector<StageBegin> read_stages(const std::string& run) {
  const std::string log = training::RunPaths{run}.decisions();
  std::vector<StageBegin> stages;
  for (const auto& line : curriculum::read_decisions(read_file(log), log)) {
    const auto* decision = std::get_if<curriculum::Decision>(&line);
    if (decision == nullptr) continue;
    if (stages.empty()) stages.push_back({decision->step - decision->stage_step, decision->stage});
    // A config that changed at the border may have led into another stage than was decided.
    stages.back().stage = decision->stage;
    if (!decision->to.empty()) stages.push_back({decision->step, decision->to});
  }
  return stages;
}

std::vector<std::string> choose_metrics(const std::vector<RunCurves>& runs,
                                        const std::vector<std::string>& globs) {
  std::set<std::string> all;
  for (const RunCurves& run : runs)
    for (const auto& [name, curve] : run.metrics) all.insert(name);
  const std::vector<std::string> known(all.begin(), all.end());
  if (globs.empty()) return known;
  for (const std::string& glob : globs) {
    if (std::ranges::none_of(known, [&](const auto& name) { return matches_glob(glob, name); }))
      throw input_error("--metric: no metric matches ", quoted(glob), meant_metric(glob, known));
  }
  std::vector<std::string> chosen;
  std::ranges::copy_if(known, std::back_inserter(chosen), [&](const std::string& name) {
    return std::ranges::any_of(globs, [&](const auto& glob) { return matches_glob(glob, name); });
  });
  return chosen;
}

std::vector<std::string> without_common_folder(const std::vector<std::string>& paths) {
  std::vector<std::vector<std::string>> parts;
  size_t least = SIZE_MAX;
  for (const std::string& path : paths) {
    parts.push_back(parts_of(path));
    least = std::min(least, parts.back().size());
  }
  const auto is_common = [&](size_t i) {
    return std::ranges::all_of(parts, [&](const auto& own) { return own[i] == parts[0][i]; });
  };
  size_t num_common = 0;
  while (num_common + 1 < least && is_common(num_common)) ++num_common;
  std::vector<std::string> names;
  for (const auto& own : parts) {
    std::filesystem::path name;
    for (size_t i = num_common; i < own.size(); ++i) name /= own[i];
    names.push_back(name.string());
  }
  return names;
}

Spread spread_over(const std::vector<RunCurves>& runs, const std::string& metric) {
  std::vector<double> values;
  for (const RunCurves& run : runs)
    if (const auto last = run.last(metric)) values.push_back(*last);
  Spread spread{.n = std::ssize(values)};
  if (values.empty()) return spread;
  const auto count = static_cast<double>(values.size());
  const double mean = std::reduce(values.begin(), values.end()) / count;
  spread.mean = mean;
  spread.least = spread.most = values.front();
  double squares = 0;
  for (const double value : values) {
    spread.least = std::fmin(*spread.least, value);  // of a NaN and a number, the number
    spread.most = std::fmax(*spread.most, value);
    squares += (value - mean) * (value - mean);
  }
  if (spread.n > 1) spread.deviation = std::sqrt(squares / (count - 1));
  return spread;
}

std::vector<CurvePoint> thinned(const MetricCurve& curve, size_t most) {
  std::vector<CurvePoint> points;
  for (const auto& [step, value] : curve) points.push_back({static_cast<double>(step), value});
  if (points.size() <= most) return points;
  const size_t inner = points.size() - 2, buckets = most - 2;
  std::vector<CurvePoint> few{points.front()};
  for (size_t i = 0; i < buckets; ++i)
    few.push_back(mean_of(points, 1 + i * inner / buckets, 1 + (i + 1) * inner / buckets));
  few.push_back(points.back());
  return few;
}

}  // namespace limbic::app
