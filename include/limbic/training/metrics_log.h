#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace limbic::training {

/// Named numbers of one step; one line of metrics.jsonl or timings.jsonl.
struct MetricsRow {
  int64_t step = 0;
  std::map<std::string, double> values = {};
  bool operator==(const MetricsRow&) const = default;
};

/// {"step":3,"loss/predict":0.1}: step first, names in order, numbers in the fewest digits that
/// read back to the same double; what is not finite is text (core/json_number.h). It adds nothing
/// of its own, so equal runs write equal bytes; times belong into timings.jsonl.
[[nodiscard]] std::string to_line(const MetricsRow& row);

/// All rows of a log, up to 1 GiB of lines of up to 1 MiB. A last line without its newline is still
/// being written and is left out. Errors: damaged, as `file:line: what`.
[[nodiscard]] std::vector<MetricsRow> read_metrics(const std::string& path);

}  // namespace limbic::training
