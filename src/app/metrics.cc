#include <algorithm>
#include <filesystem>
#include <iomanip>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>

#include "limbic/app/commands.h"
#include "limbic/app/curves_sheet.h"
#include "limbic/app/metric_curves.h"
#include "limbic/app/output.h"
#include "limbic/core/error.h"
#include "limbic/core/json_number.h"
#include "limbic/core/log.h"

namespace limbic::app {
namespace {

using Json = nlohmann::ordered_json;
using Cells = std::vector<std::string>;

constexpr size_t kMostColumns = 6;  // of runs, beside each other
constexpr size_t kLeastWidth = 14;  // of a column

std::vector<RunCurves> read_all(const std::vector<std::string>& paths) {
  std::vector<RunCurves> runs;
  for (const std::string& path : paths) {
    runs.push_back(read_curves(path));
    for (const RunCurves& other : runs) {
      if (&other != &runs.back() && std::filesystem::equivalent(other.run, path))
        throw input_error(other.run, " and ", path, " are the same run");
    }
  }
  return runs;
}

std::string cell(const std::optional<double>& value) { return value ? number_words(*value) : "-"; }

// A column a run, and from two on mean and deviation.
std::vector<Cells> by_run(const CurvesSheet& sheet) {
  const bool has_several = sheet.runs.size() > 1;
  std::vector<Cells> table{{"last values"}, {"step"}};
  for (size_t r = 0; r < sheet.runs.size(); ++r) {
    table[0].push_back(sheet.names[r]);
    table[1].push_back(std::to_string(sheet.runs[r].step));
  }
  if (has_several) {
    table[0].emplace_back("mean");
    table[0].emplace_back("deviation");
  }
  for (const std::string& metric : sheet.metrics) {
    Cells& row = table.emplace_back(Cells{metric});
    for (const RunCurves& run : sheet.runs) row.push_back(cell(run.last(metric)));
    if (!has_several) continue;
    const Spread spread = spread_over(sheet.runs, metric);
    row.push_back(cell(spread.mean));
    row.push_back(cell(spread.deviation));
  }
  return table;
}

// Of many runs.
std::vector<Cells> over_runs(const CurvesSheet& sheet) {
  const auto [least, most] = std::ranges::minmax_element(sheet.runs, {}, &RunCurves::step);
  std::vector<Cells> table{{"last values", "n", "mean", "deviation", "min", "max"}};
  table.push_back({"step", std::to_string(sheet.runs.size()), "", "", std::to_string(least->step),
                   std::to_string(most->step)});
  for (const std::string& metric : sheet.metrics) {
    const Spread spread = spread_over(sheet.runs, metric);
    table.push_back({metric, std::to_string(spread.n), cell(spread.mean), cell(spread.deviation),
                     cell(spread.least), cell(spread.most)});
  }
  return table;
}

void print(const std::vector<Cells>& table) {
  std::vector<size_t> widths(table.front().size(), kLeastWidth);
  for (const Cells& row : table) {
    for (size_t c = 0; c < row.size(); ++c) widths[c] = std::max(widths[c], row[c].size() + 2);
  }
  for (const Cells& row : table) {
    std::cout << std::left << std::setw(static_cast<int>(widths[0])) << row[0] << std::right;
    for (size_t c = 1; c < row.size(); ++c)
      std::cout << std::setw(static_cast<int>(widths[c])) << row[c];
    std::cout << "\n";
  }
}

Json as_json(const CurvesSheet& sheet) {
  Json runs = Json::array(), mean = Json::object(), deviation = Json::object();
  for (const RunCurves& run : sheet.runs) {
    Json last = Json::object();
    for (const std::string& metric : sheet.metrics)
      if (const auto value = run.last(metric)) last[metric] = number_to_json<Json>(value);
    runs.push_back(Json{{"run", run.run}, {"step", run.step}, {"last", last}});
  }
  for (const std::string& metric : sheet.metrics) {
    const Spread spread = spread_over(sheet.runs, metric);
    mean[metric] = number_to_json<Json>(spread.mean);
    deviation[metric] = number_to_json<Json>(spread.deviation);
  }
  return Json{{"runs", runs}, {"mean", mean}, {"deviation", deviation}};
}

}  // namespace

int metrics(const MetricsOptions& options) {
  CurvesSheet sheet;
  sheet.names = without_common_folder(options.runs);
  sheet.runs = read_all(options.runs);
  sheet.metrics = choose_metrics(sheet.runs, options.metric);
  if (!options.out.empty() && sheet.metrics.size() > kMostCurvePanels)
    throw input_error("--out draws at most ", kMostCurvePanels, " metrics, not ",
                      sheet.metrics.size(), "; choose some with --metric");
  if (std::optional<Output> out = optional_output(options.out)) {
    sheet.stages = read_stages(options.runs.front());
    out->stream() << draw_curves(sheet);
    out->commit();
    log::info("drew ", options.out);
  }
  if (options.json)
    std::cout << as_json(sheet).dump(2) << "\n";
  else
    print(sheet.runs.size() > kMostColumns ? over_runs(sheet) : by_run(sheet));
  return 0;
}

}  // namespace limbic::app
