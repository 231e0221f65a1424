#pragma once

#include <array>
#include <cmath>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>

namespace limbic {

/// For people: as printf writes it by `format`; what is not finite is "NaN", "Infinity" or
/// "-Infinity".
inline std::string number_words(double value, const char* format = "%g") {
  if (std::isnan(value)) return "NaN";
  if (std::isinf(value)) return value > 0 ? "Infinity" : "-Infinity";
  std::array<char, std::numeric_limits<double>::max_exponent10 + 20> text{};
  std::snprintf(text.data(), text.size(), format, value);
  return text.data();
}

/// JSON has neither NaN nor infinities: they are written as text, in the words above, which
/// Python's float() and JavaScript's Number() read. None is null.
template <class Json>
Json number_to_json(const std::optional<double>& value) {
  if (!value) return nullptr;
  if (!std::isfinite(*value)) return number_words(*value);
  return *value;
}

/// None where it is no number. Runs of an earlier limbic hold "nan", "inf" and "-inf" as well.
template <class Json>
std::optional<double> number_from_json(const Json& json) {
  if (json.is_number()) return json.template get<double>();
  if (!json.is_string()) return std::nullopt;
  const auto& word = json.template get_ref<const std::string&>();
  if (word == "NaN" || word == "nan") return std::numeric_limits<double>::quiet_NaN();
  if (word == "Infinity" || word == "inf") return std::numeric_limits<double>::infinity();
  if (word == "-Infinity" || word == "-inf") return -std::numeric_limits<double>::infinity();
  return std::nullopt;
}

}  // namespace limbic
