#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace limbic {

/// Fast, not for secrets: 32 hexadecimal digits.
std::string xxh3_128(std::string_view bytes);
uint64_t xxh3_64(std::string_view bytes);

/// 64 hexadecimal digits, as `sha256sum` prints them.
std::string sha256(std::string_view bytes);

}  // namespace limbic
