#include "limbic/worlds/text.h"

#include <ATen/ops/empty.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <vector>

#include "limbic/core/error.h"
#include "limbic/core/suggest.h"
#include "limbic/core/text.h"

namespace limbic::worlds {
namespace {

/// What lies between any of the separators, without spaces around it.
std::vector<std::string_view> pieces(std::string_view text, std::string_view separators) {
  std::vector<std::string_view> found;
  for (size_t start = 0;;) {
    const size_t end = std::min(text.find_first_of(separators, start), text.size());
    found.push_back(trimmed(text.substr(start, end - start)));
    if (end == text.size()) return found;
    start = end + 1;
  }
}

std::vector<std::string_view> words_in(const Variable& variable, std::string_view text) {
  if (variable.num_cells == 1) return {trimmed(text)};  // a name may hold spaces
  std::vector<std::string_view> words = pieces(text, kSpaces);
  std::erase(words, "");
  return words;
}

bool reads_as(std::string_view text, int64_t& value) {
  if (text.starts_with('+')) text.remove_prefix(1);
  const char* last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, value);
  return error == std::errc{} && end == last;
}

void check_count(const Variable& variable, int64_t expected, size_t count, std::string_view what) {
  if (static_cast<int64_t>(count) == expected) return;
  throw input_error(variable.name, ": expected ", expected == 1 ? "one " : concat(expected, " "),
                    what, expected == 1 ? "" : "s", ", got ", count);
}

int64_t category_index(const Variable& variable, std::string_view word) {
  if (variable.names.empty()) {
    int64_t index = -1;
    if (reads_as(word, index) && index >= 0 && index < variable.size) return index;
    throw input_error(variable.name, ": expected a category from 0 to ", variable.size - 1,
                      ", got ", quoted(word));
  }
  const auto found = std::ranges::find(variable.names, word);
  if (found != variable.names.end()) return found - variable.names.begin();
  throw input_error(variable.name, ": unknown word ", quoted(word),
                    did_you_mean(word, variable.names));
}

// Deviations from which on squares and their sums in float32 would mean nothing.
constexpr double kFarthest = 1e9;

float number(const Variable& variable, std::string_view text) {
  const auto value = static_cast<float>(number_in(text).value_or(std::nan("")));
  if (!std::isfinite(value) || !admits(variable, value))
    throw input_error(variable.name, ": expected a number", range_in_words(variable), ", got ",
                      quoted(text));
  if (variable.transform.is_none() &&
      std::abs(value - variable.center) > kFarthest * std::abs(variable.scale))
    throw input_error(variable.name, ": expected a number within ", kFarthest, " deviations (",
                      variable.scale, ") of ", variable.center, ", got ", quoted(text));
  return value;
}

std::string shortest(float value) {
  char text[32];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

}  // namespace

at::Tensor parse_value(const Variable& variable, std::string_view text) {
  if (variable.kind == Kind::kCategory) {
    const std::vector<std::string_view> words = words_in(variable, text);
    check_count(variable, variable.num_cells, words.size(), "word");
    at::Tensor value = at::empty({1, variable.num_cells}, at::kLong);
    std::ranges::transform(words, value.mutable_data_ptr<int64_t>(),
                           [&](std::string_view word) { return category_index(variable, word); });
    return value;
  }
  const std::vector<std::string_view> numbers = pieces(text, ",");
  check_count(variable, variable.num_cells * variable.size, numbers.size(), "number");
  at::Tensor value = at::empty({1, variable.num_cells, variable.size}, at::kFloat);
  std::ranges::transform(numbers, value.mutable_data_ptr<float>(),
                         [&](std::string_view text) { return number(variable, text); });
  return variable.kind == Kind::kScalar ? value.squeeze(-1) : value;
}

std::string format_value(const Variable& variable, const at::Tensor& value) {
  const bool is_category = variable.kind == Kind::kCategory;
  const at::Tensor flat = value.detach().cpu().to(is_category ? at::kLong : at::kFloat).flatten();
  const at::Tensor numbers = flat.contiguous();
  std::string text;
  for (int64_t i = 0; i < numbers.numel(); ++i) {
    if (i > 0) text += is_category ? " " : ", ";
    text += format_number(variable, is_category
                                        ? static_cast<double>(numbers.const_data_ptr<int64_t>()[i])
                                        : numbers.const_data_ptr<float>()[i]);
  }
  return text;
}

double parse_number(const Variable& variable, std::string_view text) {
  if (variable.kind == Kind::kCategory) return static_cast<double>(category_index(variable, text));
  return number(variable, text);
}

std::string format_number(const Variable& variable, double number) {
  if (variable.kind != Kind::kCategory) return shortest(static_cast<float>(number));
  const auto index = static_cast<int64_t>(number);
  return variable.names.empty() ? std::to_string(index) : variable.names.at(index);
}

std::optional<double> number_in(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error == std::errc::invalid_argument || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range)  // infinite, or nearer to 0 than any number
    return std::strtod(std::string(text).c_str(), nullptr);
  return value;
}

// Bounds are rounded as values are.
bool admits(const Variable& variable, float number) {
  if (variable.transform.kind == TransformKind::kLog) return number > 0;
  return number >= static_cast<float>(variable.low) && number <= static_cast<float>(variable.high);
}

std::string range_in_words(const Variable& variable) {
  if (variable.transform.kind == TransformKind::kLog) return " above 0";
  const bool has_low = std::isfinite(variable.low), has_high = std::isfinite(variable.high);
  if (has_low && has_high) return concat(" from ", variable.low, " to ", variable.high);
  if (has_low) return concat(" of at least ", variable.low);
  return has_high ? concat(" of at most ", variable.high) : std::string();
}

}  // namespace limbic::worlds
