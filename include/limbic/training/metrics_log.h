#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "limbic/core/file.h"

namespace limbic::training {

/// Named numbers of one step; one line of metrics.jsonl or timings.jsonl.
struct MetricsRow {
  int64_t step = 0;
  std::map<std::string, double> values = {};
  bool operator==(const MetricsRow&) const = default;
};

/// {"step":3,"loss/predict":0.1}: step first, names in order, numbers in the fewest digits that
/// read back to the same double. JSON has no NaN: "NaN", "Infinity" and "-Infinity" are strings.
[[nodiscard]] std::string to_line(const MetricsRow& row);

/// Appends rows to a file that it does not own. It adds nothing of its own, so equal runs write
/// equal bytes; times belong into timings.jsonl.
class MetricsLog {
 public:
  explicit MetricsLog(AppendFile& file) : file_(file) {}
  void append(const MetricsRow& row) { file_.append(to_line(row)); }

 private:
  AppendFile& file_;
};

/// All rows of a log, up to 1 GiB of lines of up to 1 MiB. A last line without its newline is still
/// being written and is left out. Errors: damaged, as `file:line: what`.
[[nodiscard]] std::vector<MetricsRow> read_metrics(const std::string& path);

}  // namespace limbic::training
