#include "limbic/core/text.h"

#include <cstddef>

namespace limbic {

std::string_view trimmed(std::string_view text) {
  const size_t start = text.find_first_not_of(kSpaces);
  if (start == std::string_view::npos) return {};
  return text.substr(start, text.find_last_not_of(kSpaces) + 1 - start);
}

std::string counted(int64_t number, std::string_view noun) {
  std::string text = std::to_string(number) + " ";
  return text.append(noun).append(number == 1 ? "" : "s");
}

std::string hex(unsigned char byte) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  return {kDigits[byte >> 4], kDigits[byte & 15]};
}

}  // namespace limbic
