#include "limbic/config/yaml_bytes.h"

#include <cstdint>

#include "limbic/core/text.h"

namespace limbic::config {
namespace {

using Byte = unsigned char;

/// How many bytes the character that starts with `byte` has; 0 if none starts so.
size_t length_of(Byte byte) {
  if (byte < 0x80) return 1;
  if (byte >= 0xc2 && byte <= 0xdf) return 2;
  if (byte >= 0xe0 && byte <= 0xef) return 3;
  return byte >= 0xf0 && byte <= 0xf4 ? 4 : 0;
}

/// Overlong forms, surrogates, and what lies beyond U+10FFFF.
bool is_forbidden(uint32_t code, size_t length) {
  if (length == 3) return code < 0x800 || (code >= 0xd800 && code <= 0xdfff);
  return length == 4 && (code < 0x10000 || code > 0x10ffff);
}

/// The length of the character at `at`, or 0 if it is not UTF-8.
size_t utf8_length(std::string_view text, size_t at) {
  const auto first = static_cast<Byte>(text[at]);
  const size_t length = length_of(first);
  if (length == 0 || at + length > text.size()) return 0;
  uint32_t code = length == 1 ? first : first & (0x7fU >> length);
  for (size_t i = 1; i < length; ++i) {
    const auto next = static_cast<Byte>(text[at + i]);
    if ((next & 0xc0) != 0x80) return 0;
    code = code << 6 | (next & 0x3fU);
  }
  return is_forbidden(code, length) ? 0 : length;
}

bool is_control(Byte byte) {
  return (byte < 0x20 && byte != '\t' && byte != '\n' && byte != '\r') || byte == 0x7f;
}

}  // namespace

std::optional<BadByte> first_bad_byte(std::string_view text) {
  int line = 1;
  size_t line_start = 0;
  for (size_t at = 0; at < text.size();) {
    const auto byte = static_cast<Byte>(text[at]);
    const int column = static_cast<int>(at - line_start) + 1;
    if (is_control(byte)) {
      return BadByte{line, column, "control character 0x" + hex(byte) + " in a text file"};
    }
    const size_t length = utf8_length(text, at);
    if (length == 0) return BadByte{line, column, "byte 0x" + hex(byte) + " is not UTF-8"};
    at += length;
    if (byte == '\n') {
      ++line;
      line_start = at;
    }
  }
  return std::nullopt;
}

Lines::Lines(std::string_view text) : text_(text) {
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\n') starts_.push_back(i + 1);
  }
}

std::string_view Lines::operator[](size_t index) const {
  if (index >= starts_.size()) return {};
  const bool is_last = index + 1 == starts_.size();
  const size_t end = is_last ? text_.size() : starts_[index + 1] - 1;
  return text_.substr(starts_[index], end - starts_[index]);
}

}  // namespace limbic::config
