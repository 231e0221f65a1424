#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limbic {

inline constexpr std::string_view kSpaces = " \t\n\r";

/// Without the spaces around it.
std::string_view trimmed(std::string_view text);

/// "1 cell", "2 cells", of a noun whose plural has an s more.
std::string counted(int64_t number, std::string_view noun);

/// Two hexadecimal digits.
std::string hex(unsigned char byte);

/// The words of a text on lines of at most `width` bytes; a longer word has its own.
std::vector<std::string> wrapped(const std::string& text, size_t width);

/// The first that was there before.
std::optional<std::string> first_repeated(const std::vector<std::string>& names);

/// The names that stand between commas in each text; a text that is a name as a whole is one.
std::vector<std::string> between_commas(const std::vector<std::string>& texts,
                                        const std::function<bool(const std::string&)>& is_name);

/// As it can be pasted into a shell: in quotes where it holds more than letters, digits and _./-
std::string shell_word(const std::string& text);

}  // namespace limbic
