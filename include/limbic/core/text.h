#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace limbic {

inline constexpr std::string_view kSpaces = " \t\n\r";

/// Without the spaces around it.
std::string_view trimmed(std::string_view text);

/// "1 cell", "2 cells", of a noun whose plural has an s more.
std::string counted(int64_t number, std::string_view noun);

/// Two hexadecimal digits.
std::string hex(unsigned char byte);

}  // namespace limbic
