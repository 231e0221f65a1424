#pragma once

#include <string>
#include <string_view>

namespace limbic {

inline constexpr std::string_view kSpaces = " \t\n\r";

/// Without the spaces around it.
std::string_view trimmed(std::string_view text);

/// Two hexadecimal digits.
std::string hex(unsigned char byte);

}  // namespace limbic
