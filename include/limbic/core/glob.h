#pragma once

#include <string_view>

namespace limbic {

/// Whether the whole text fits the pattern: '*' is any text, '?' any one character of UTF-8.
bool matches_glob(std::string_view pattern, std::string_view text);

}  // namespace limbic
