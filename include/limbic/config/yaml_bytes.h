#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace limbic::config {

struct BadByte {
  int line = 1;
  int column = 1;
  std::string message;
};

/// The first byte that no YAML file may hold: a control character, or what is not UTF-8.
std::optional<BadByte> first_bad_byte(std::string_view text);

/// Line `index`, from 0, without its newline; "" past the end.
std::string_view line_of(std::string_view text, int index);

}  // namespace limbic::config
