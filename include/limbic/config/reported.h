#pragma once

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/core/named_enum.h"

namespace limbic::config {

/// Which values of a number are better.
enum class Direction { kLower, kHigher };

constexpr auto enum_names(Direction) {
  return std::array{std::pair{"lower", Direction::kLower}, std::pair{"higher", Direction::kHigher}};
}

/// A number that a part reports. A part's config may say which there are:
///   static std::vector<Reported> reported();
struct Reported {
  std::string key;                  // "" is the main one; <variable> stands for any name
  std::optional<Direction> better;  // none: neither
  std::string help;                 // ends with its unit
};

/// "lower", "higher" or "neither".
inline std::string better_of(const Reported& reported) {
  return reported.better ? name_of(*reported.better) : "neither";
}

/// What was said of one key; null if nothing.
inline const Reported* reported_as(const std::vector<Reported>& all, std::string_view key) {
  const Reported* of_any_name = nullptr;
  for (const Reported& reported : all) {
    if (reported.key == key) return &reported;
    if (reported.key.starts_with('<')) of_any_name = &reported;
  }
  return of_any_name;
}

}  // namespace limbic::config
