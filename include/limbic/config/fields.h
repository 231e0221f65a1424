#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "limbic/config/node.h"
#include "limbic/config/units.h"

namespace limbic::config {

class Reader;

/// Closed interval; long double holds every int64_t and every double exactly.
struct Range {
  long double low = -std::numeric_limits<long double>::infinity();
  long double high = std::numeric_limits<long double>::infinity();

  [[nodiscard]] bool contains(long double value) const { return value >= low && value <= high; }
  /// "in [0, 1]", "at least 1".
  [[nodiscard]] std::string text() const;
};

template <class T>
constexpr Range within(T low, T high) {
  return {static_cast<long double>(low), static_cast<long double>(high)};
}
template <class T>
constexpr Range at_least(T low) {
  return {.low = static_cast<long double>(low)};
}

/// What of a range a whole number can be.
Range cut_to_int64(const Range& range);

/// Marks a key that must be given: field("data", self.data, config::required, "the CSV to read").
struct Required {};
inline constexpr Required required{};

/// What `fields` says of one member, besides the member itself.
struct Facts {
  std::string_view key = {};
  std::string_view help = {};
  bool is_required = false;
  bool is_absent = false;  // a map read only for the keys that it lacks; `key` is its whole path
  std::optional<Range> range = {};                  // of the value, or of each item of a list
  std::span<const std::string_view> siblings = {};  // keys of the map around a `rest` member

  void add(std::string_view text) { help = text; }
  void add(const char* text) { help = text; }
  void add(const Range& limits) { range = limits; }
  void add(Required) { is_required = true; }
};

template <class... Rest>
Facts facts_of(std::string_view key, const Rest&... rest) {
  Facts facts{.key = key};
  (facts.add(rest), ...);
  return facts;
}

/// Text together with the place where it was written: for what is parsed later, as expressions are.
struct Located {
  std::string text;
  Mark mark;
};
inline bool operator==(const Located& a, const Located& b) { return a.text == b.text; }

/// Named values in the order of the file.
template <class T>
struct Map {
  struct Item {
    std::string key;
    Mark mark;
    T value;
    friend bool operator==(const Item& a, const Item& b) {
      return a.key == b.key && a.value == b.value;
    }
  };
  std::vector<Item> entries;

  [[nodiscard]] const T* find(std::string_view key) const {
    for (const Item& entry : entries) {
      if (entry.key == key) return &entry.value;
    }
    return nullptr;
  }
  [[nodiscard]] bool empty() const { return entries.empty(); }
  [[nodiscard]] size_t size() const { return entries.size(); }
  [[nodiscard]] auto begin() const { return entries.begin(); }
  [[nodiscard]] auto end() const { return entries.end(); }
  [[nodiscard]] auto begin() { return entries.begin(); }
  [[nodiscard]] auto end() { return entries.end(); }
  friend bool operator==(const Map& a, const Map& b) { return a.entries == b.entries; }
};

}  // namespace limbic::config
