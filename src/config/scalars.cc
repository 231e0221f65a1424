#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <string>
#include <system_error>

#include "limbic/config/codec.h"
#include "limbic/core/suggest.h"

namespace limbic::config {
namespace {

using Chars = std::from_chars_result;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// Numbers between commas, as a sweep would want them; 1,000 and 1,5 are meant for one.
bool is_list(std::string_view digits) {
  const size_t comma = digits.find(',');
  if (comma == std::string_view::npos) return false;
  const bool is_fraction = digits.find_first_of(".e") < comma;
  const size_t next = std::min(digits.find(',', comma + 1), digits.size());
  return is_fraction || (next < digits.size() && next - comma != 4);
}

/// What is wrong with a number that other YAML readers might take.
std::string_view number_hint(std::string_view text) {
  const std::string_view digits = text.starts_with('-') ? text.substr(1) : text;
  if (digits.starts_with("0x") || digits.starts_with("0o")) return "; write it in decimal";
  if (digits.size() > 1 && digits[0] == '0' && is_digit(digits[1])) {
    return "; leave out the leading zero (some readers take it for octal)";
  }
  const bool grouped = !digits.empty() && is_digit(digits[0]) &&
                       digits.find_first_of("_,") != std::string_view::npos;
  if (grouped && is_list(digits)) return "; one value at a time";
  if (grouped) return "; write the digits without separators";
  return text.starts_with('+') ? "; leave out the '+'" : "";
}

bool is_unfinite(std::string_view text) {
  static constexpr std::array<std::string_view, 5> kWords{"inf", "infinity", "nan", "INF", "NAN"};
  text.remove_prefix(std::min(text.find_first_not_of("+-."), text.size()));
  return std::find(kWords.begin(), kWords.end(), text) != kWords.end() || text == "Inf" ||
         text == "NaN";
}

/// Decimal digits only, so that from_chars sees neither "inf" nor "nan(1)".
bool may_be_number(std::string_view text) {
  return !text.empty() && number_hint(text).empty() &&
         text.find_first_not_of("0123456789.eE+-") == std::string_view::npos;
}

template <class T>
std::errc parse_whole(std::string_view text, T& value) {
  const Chars result = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool all = result.ptr == text.data() + text.size();
  return all || result.ec != std::errc() ? result.ec : std::errc::invalid_argument;
}

void refuse_range(const Node& node, Reader& reader, const Range& range, const Facts& facts) {
  const std::string name(facts.key.empty() ? "the value" : facts.key);
  reader.problem(node.mark, name + " must be " + range.text() + ", got " + node.text);
}

bool in_range(const Node& node, Reader& reader, long double value, const Facts& facts) {
  if (!facts.range || facts.range->contains(value)) return true;
  refuse_range(node, reader, *facts.range, facts);
  return false;
}

std::string_view unquoted_text(const Node& node) {
  const bool plain = node.kind == Node::Kind::kScalar && !node.quoted;
  return plain ? std::string_view(node.text) : std::string_view();
}

/// "1e3" where a whole number belongs: say how to write it.
std::string whole_number_hint(std::string_view text) {
  double value = 0;
  if (!may_be_number(text) || parse_whole(text, value) != std::errc()) {
    return std::string(number_hint(text));
  }
  const bool whole = value == std::trunc(value) && std::abs(value) < 0x1p53;
  return whole ? "; write " + std::to_string(static_cast<int64_t>(value)) : "";
}

/// Shortest text that reads back as the same double, with a point before any exponent: some
/// readers take "1e-05" for text.
std::string shortest(double value) {
  std::array<char, 32> buffer{};
  const auto end = std::to_chars(buffer.begin(), buffer.end(), value);
  std::string text(buffer.data(), end.ptr);
  const size_t exponent = text.find('e');
  if (exponent != std::string::npos && text.find('.') == std::string::npos) {
    text.insert(exponent, ".0");
  }
  return text;
}

}  // namespace

void Reader::expected(std::string_view what, const Node& node, const Facts& facts,
                      std::string_view hint) {
  std::string message;
  if (node.mark.line == 0 && !facts.key.empty()) message = std::string(facts.key) + ": ";
  message += "expected ";
  message += what;
  message += ", got " + node.described();
  message += hint;
  problem(node.mark, std::move(message));
}

void read_leaf(const Node& node, Reader& reader, bool& value, const Facts& facts) {
  const std::string_view text = unquoted_text(node);
  if (text == "true" || text == "false") {
    value = text == "true";
  } else {
    reader.expected("a truth value", node, facts, "; write true or false");
  }
}

void read_leaf(const Node& node, Reader& reader, int64_t& value, const Facts& facts) {
  const std::string_view text = unquoted_text(node);
  int64_t parsed = 0;
  const std::errc error =
      may_be_number(text) ? parse_whole(text, parsed) : std::errc::invalid_argument;
  if (error == std::errc()) {
    if (in_range(node, reader, parsed, facts)) value = parsed;
  } else if (error == std::errc::result_out_of_range) {
    refuse_range(node, reader, cut_to_int64(facts.range.value_or(Range())), facts);
  } else {
    reader.expected("a whole number", node, facts, whole_number_hint(text));
  }
}

void read_leaf(const Node& node, Reader& reader, double& value, const Facts& facts) {
  const std::string_view text = unquoted_text(node);
  double parsed = 0;
  const std::errc error =
      may_be_number(text) ? parse_whole(text, parsed) : std::errc::invalid_argument;
  if (error == std::errc()) {
    if (in_range(node, reader, parsed, facts)) value = parsed;
  } else if (error == std::errc::result_out_of_range) {
    reader.expected("a number that fits into 64 bits", node, facts);
  } else {
    reader.expected(is_unfinite(text) ? "a finite number" : "a number", node, facts,
                    number_hint(text));
  }
}

void read_leaf(const Node& node, Reader& reader, std::string& value, const Facts& facts) {
  if (node.kind == Node::Kind::kScalar) {
    value = node.text;
  } else {
    const bool is_null = node.kind == Node::Kind::kNull;
    reader.expected("text", node, facts, is_null ? "; write '' for an empty one" : "");
  }
}

void read_leaf(const Node& node, Reader& reader, Located& value, const Facts& facts) {
  if (reader.read(node, value.text, facts)) value.mark = node.mark;
}

Node dump_leaf(bool value) { return Node::scalar(value ? "true" : "false"); }
Node dump_leaf(int64_t value) { return Node::scalar(std::to_string(value)); }
Node dump_leaf(double value) { return Node::scalar(shortest(value)); }
Node dump_leaf(const std::string& value) { return Node::word(value); }
Node dump_leaf(const Located& value) { return Node::scalar(value.text); }

Shape leaf_shape(bool) { return {"true or false", R"({"type": "boolean"})"}; }
Shape leaf_shape(int64_t) { return {"whole number", R"({"type": "integer"})"}; }
Shape leaf_shape(double) { return {"number", R"({"type": "number"})"}; }
Shape leaf_shape(const std::string&) {
  return {"text", R"({"type": ["string", "number", "boolean"]})"};
}
Shape leaf_shape(const Located&) {
  return {"name or expression", R"({"type": ["string", "number", "boolean"]})"};
}

}  // namespace limbic::config
