#include "limbic/config/problems.h"

#include <algorithm>
#include <set>
#include <string_view>
#include <tuple>
#include <utility>

namespace limbic::config {
namespace {

constexpr size_t kMostLines = 50;

std::string file_of(const Mark& mark) { return mark.file ? *mark.file : std::string(); }

}  // namespace

void Problems::add(const Mark& mark, std::string message) {
  const std::string name = file_of(mark);
  const auto known = std::find(files_.begin(), files_.end(), name);
  const auto file = static_cast<size_t>(known - files_.begin());
  if (known == files_.end()) files_.push_back(name);
  found_.push_back({mark, std::move(message), file});
}

std::string Problems::text() const {
  std::set<std::tuple<size_t, int, int, std::string_view>> told;
  std::vector<Found> sorted;
  for (const Found& found : found_) {
    const auto& [mark, message, file] = found;
    if (told.insert({file, mark.line, mark.column, message}).second) sorted.push_back(found);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const Found& a, const Found& b) {
    return std::tie(a.file, a.mark.line, a.mark.column) <
           std::tie(b.file, b.mark.line, b.mark.column);
  });
  std::string lines;
  for (size_t i = 0; i < std::min(sorted.size(), kMostLines); ++i) {
    const std::string place = sorted[i].mark.text();
    if (i > 0) lines += '\n';
    lines += (place.empty() ? "" : place + ": ") + sorted[i].message;
  }
  if (sorted.size() > kMostLines) {
    lines += "\nand " + std::to_string(sorted.size() - kMostLines) + " more";
  }
  return lines;
}

void Problems::raise() const {
  if (!empty()) throw ConfigError(text());
}

void refuse(const Mark& mark, std::string message) {
  Problems problems;
  problems.add(mark, std::move(message));
  throw ConfigError(problems.text());
}

}  // namespace limbic::config
