#pragma once

#include <optional>
#include <string_view>
#include <type_traits>
#include <vector>

namespace limbic {

/// An enum whose values have words, by a free function next to it:
///
///   constexpr auto enum_names(Kind) {
///     return std::array{std::pair{"scalar", Kind::kScalar}, std::pair{"vector", Kind::kVector}}; }
template <class T>
concept NamedEnum = std::is_enum_v<T> && requires(T value) {
  enum_names(value);
};

template <NamedEnum T>
constexpr const char* name_of(T value) {
  for (const auto& [name, candidate] : enum_names(value))
    if (candidate == value) return name;
  return "";
}

template <NamedEnum T>
constexpr std::optional<T> value_named(std::string_view word) {
  for (const auto& [name, value] : enum_names(T{}))
    if (name == word) return value;
  return std::nullopt;
}

template <NamedEnum T>
std::vector<std::string_view> names_of() {
  std::vector<std::string_view> names;
  for (const auto& [name, value] : enum_names(T{})) names.emplace_back(name);
  return names;
}

}  // namespace limbic
