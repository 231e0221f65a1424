#include "limbic/training/metrics_log.h"

#include <array>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>
#include <string_view>

#include "limbic/core/error.h"
#include "limbic/core/file.h"
#include "limbic/core/json_number.h"

namespace limbic::training {
namespace {

using nlohmann::json;

constexpr size_t kMaxFile = size_t{1} << 30;
constexpr size_t kMaxLine = size_t{1} << 20;
constexpr const char* kStep = "step";

std::string number_text(double value) {
  if (!std::isfinite(value)) return number_to_json<json>(value).dump();
  if (value == 0 && std::signbit(value)) return "-0.0";  // readers take "-0" for an integer
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  return {digits.data(), end.ptr};
}

MetricsRow read_row(std::string_view line, const std::string& place) {
  if (line.size() > kMaxLine) throw damaged(place, ": a line of ", line.size(), " bytes");
  const json object = json::parse(line, nullptr, false);
  if (!object.is_object()) throw damaged(place, ": not a JSON object");
  const auto step = object.find(kStep);
  if (step == object.end() || !step->is_number_integer()) throw damaged(place, ": has no step");
  MetricsRow row{.step = step->get<int64_t>()};
  for (const auto& [name, value] : object.items()) {
    if (name == kStep) continue;
    const auto number = number_from_json(value);
    if (!number) throw damaged(place, ": '", name, "' is not a number");
    row.values.emplace(name, *number);
  }
  return row;
}

}  // namespace

std::string to_line(const MetricsRow& row) {
  std::string line = concat("{\"", kStep, "\":", row.step);
  for (const auto& [name, value] : row.values) {
    line += concat(",", json(name).dump(), ":", number_text(value));
  }
  return line + "}";
}

std::vector<MetricsRow> read_metrics(const std::string& path) {
  const std::string text = read_file(path, kMaxFile);
  std::vector<MetricsRow> rows;
  std::string_view rest = text;
  for (auto end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
    rows.push_back(read_row(rest.substr(0, end), concat(path, ":", rows.size() + 1)));
    rest.remove_prefix(end + 1);
  }
  return rows;
}

}  // namespace limbic::training
