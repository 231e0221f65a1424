#pragma once

#include <compare>
#include <concepts>
#include <cstdint>
#include <string_view>

namespace limbic::config {

// Counts that carry their unit: "200 steps", "1 step", "2k steps", "1.5k steps", "1M steps".
// A bare number is refused.

/// Optimizer steps.
struct Steps {
  static constexpr std::string_view kUnit = "step";
  int64_t count = 0;
  auto operator<=>(const Steps&) const = default;
};

/// Evaluations of the metric in question.
struct Evals {
  static constexpr std::string_view kUnit = "eval";
  int64_t count = 0;
  auto operator<=>(const Evals&) const = default;
};

/// Moments of an episode.
struct Ticks {
  static constexpr std::string_view kUnit = "tick";
  int64_t count = 0;
  auto operator<=>(const Ticks&) const = default;
};

template <class T>
concept CountWithUnit = requires(T value) {
  { T::kUnit } -> std::convertible_to<std::string_view>;
  { value.count } -> std::same_as<int64_t&>;
};

}  // namespace limbic::config
