#include <charconv>
#include <cmath>
#include <string>

#include "limbic/config/codec.h"
#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

constexpr double kRounding = 1e-6;
constexpr double kLargestExact = 0x1p53;

std::string plural(std::string_view unit) { return std::string(unit) + "s"; }

double factor_of(char suffix) {
  if (suffix == 'k') return 1e3;
  return suffix == 'M' ? 1e6 : 1;
}

/// "200", "2k", "1.5k", "1M"; not a number of things otherwise.
std::optional<int64_t> parse_amount(std::string_view text) {
  if (text.empty() || text[0] < '0' || text[0] > '9') return std::nullopt;
  const double factor = factor_of(text.back());
  if (factor > 1) text.remove_suffix(1);
  double amount = 0;
  const auto [end, error] =
      std::from_chars(text.data(), text.data() + text.size(), amount, std::chars_format::fixed);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  const double whole = std::round(amount * factor);
  const bool exact = std::abs(amount * factor - whole) < kRounding && whole < kLargestExact;
  const bool octal = text.size() > 1 && text[0] == '0' && text[1] != '.';
  return exact && !octal ? std::optional(static_cast<int64_t>(whole)) : std::nullopt;
}

}  // namespace

std::optional<int64_t> read_count(const Node& node, Reader& reader, std::string_view unit,
                                  const Facts& facts) {
  const std::string_view text = node.text;
  const size_t space = std::min(text.find(' '), text.size());
  const size_t unit_at = std::min(text.find_first_not_of(' ', space), text.size());
  const std::string_view written = text.substr(unit_at);
  const auto amount = parse_amount(text.substr(0, space));
  if (!amount || (written != unit && written != plural(unit))) {
    reader.expected("a number of " + plural(unit) + " such as '200 " + plural(unit) + "'", node,
                    facts);
    return std::nullopt;
  }
  if (facts.range && !facts.range->contains(*amount)) {
    const std::string name(facts.key.empty() ? "the value" : facts.key);
    reader.problem(node.mark, name + " must be " + facts.range->text() + " " + plural(unit) +
                                  ", got " + quoted(text));
    return std::nullopt;
  }
  return amount;
}

Node dump_count(int64_t count, std::string_view unit) {
  return Node::scalar(std::to_string(count) + " " +
                      (count == 1 ? std::string(unit) : plural(unit)));
}

Shape count_shape(std::string_view unit) {
  return {"number of " + plural(unit) + ", as '200 " + plural(unit) + "'",
          R"({"type": "string", "pattern": "^[0-9]+(\\.[0-9]+)?[kM]? +)" + std::string(unit) +
              R"(s?$"})"};
}

}  // namespace limbic::config
