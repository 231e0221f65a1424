#include "limbic/core/text.h"

#include <algorithm>
#include <set>
#include <sstream>

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

std::vector<std::string> wrapped(const std::string& text, size_t width) {
  std::vector<std::string> lines{""};
  std::istringstream words(text);
  for (std::string word; words >> word;) {
    if (!lines.back().empty() && lines.back().size() + word.size() + 1 > width)
      lines.emplace_back();
    lines.back() += (lines.back().empty() ? "" : " ") + word;
  }
  return lines;
}

std::optional<std::string> first_repeated(const std::vector<std::string>& names) {
  std::set<std::string_view> seen;
  for (const std::string& name : names)
    if (!seen.insert(name).second) return name;
  return std::nullopt;
}

std::vector<std::string> between_commas(const std::vector<std::string>& texts,
                                        const std::function<bool(const std::string&)>& is_name) {
  std::vector<std::string> names;
  for (const std::string& text : texts) {
    if (is_name(text)) {
      names.push_back(text);
      continue;
    }
    for (size_t at = 0; at <= text.size();) {
      const size_t comma = std::min(text.find(',', at), text.size());
      names.emplace_back(trimmed(std::string_view(text).substr(at, comma - at)));
      at = comma + 1;
    }
  }
  return names;
}

std::string shell_word(const std::string& text) {
  constexpr std::string_view kPlain =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./-";
  if (!text.empty() && text.find_first_not_of(kPlain) == std::string::npos) return text;
  std::string word = "'";
  for (const char c : text) word += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return word + "'";
}

}  // namespace limbic
