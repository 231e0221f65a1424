#include "limbic/config/mark.h"

#include <algorithm>
#include <cctype>

namespace limbic::config {
namespace {

bool is_space(char character) { return std::isspace(static_cast<unsigned char>(character)) != 0; }

/// A cursor over the text of a file; behind its end stands 0.
struct Cursor {
  std::string_view text;
  size_t at = 0;

  [[nodiscard]] char now() const { return at < text.size() ? text[at] : '\0'; }
  void skip_spaces() {
    while (is_space(now())) ++at;
  }
  void skip_line() { at = std::min(text.find('\n', at), text.size()); }
};

Cursor cursor_at(std::string_view text, const Mark& mark) {
  Cursor cursor{text};
  for (int line = 1; line < mark.line; ++line) {
    cursor.skip_line();
    ++cursor.at;
  }
  cursor.at += mark.column - 1;
  return cursor;
}

}  // namespace

std::string Mark::text() const {
  if (!file) return "";
  if (line == 0) return *file;
  return *file + ":" + std::to_string(line) + ":" + std::to_string(column);
}

// Reads the value beside its source: spaces in it stand for any spaces, and a quote that is doubled
// between single quotes for one. Where they part (escapes), the value's start is all we know.
Mark Mark::of_character(std::string_view value, size_t offset) const {
  Mark found = *this;
  if (!source || line == 0) {
    found.column += static_cast<int>(offset);
    return found;
  }
  Cursor cursor = cursor_at(*source, *this);
  const char style = cursor.now();
  if (style == '\'' || style == '"') ++cursor.at;
  if (style == '>' || style == '|') cursor.skip_line();
  if (style == '>' || style == '|') cursor.skip_spaces();
  for (size_t i = 0; i < offset; ++i) {
    if (is_space(value[i])) {
      cursor.skip_spaces();
    } else if (cursor.now() == value[i]) {
      cursor.at += style == '\'' && value[i] == '\'' ? 2 : 1;
    } else {
      return *this;
    }
  }
  if (offset < value.size()) cursor.skip_spaces();
  const auto before = source->substr(0, cursor.at);
  found.line = 1 + static_cast<int>(std::ranges::count(before, '\n'));
  found.column = static_cast<int>(cursor.at - (before.rfind('\n') + 1)) + 1;
  return found;
}

}  // namespace limbic::config
