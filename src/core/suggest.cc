#include "limbic/core/suggest.h"

#include <algorithm>
#include <array>

#include "limbic/core/text.h"

namespace limbic {
namespace {

constexpr size_t kLongestWord = 64;      // longer ones are nobody's slip of the finger
constexpr size_t kLongestListing = 128;  // characters of known words that a message may hold
constexpr size_t kLongestQuote = 60;

char folded(char c) {
  if (c == '-') return '_';
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

std::string folded(std::string_view word) {
  std::string result(word);
  std::transform(result.begin(), result.end(), result.begin(), [](char c) { return folded(c); });
  return result;
}

// Those that hold a comma in quotes.
std::string joined(const std::vector<std::string_view>& words) {
  std::string result;
  for (const std::string_view word : words) {
    const char* const quote = word.find(',') == std::string_view::npos ? "" : "'";
    if (!result.empty()) result += ", ";
    result.append(quote).append(word).append(quote);
  }
  return result;
}

void append_printable(std::string& result, char c) {
  const auto byte = static_cast<unsigned char>(c);
  if (c == '\n') {
    result += "\\n";
  } else if (c == '\t') {
    result += "\\t";
  } else if (byte < 0x20 || byte == 0x7f) {
    result += "\\x" + hex(byte);
  } else {
    result += c;
  }
}

}  // namespace

size_t edit_distance(std::string_view a, std::string_view b) {
  const size_t width = b.size() + 1;
  std::vector<size_t> before_last(width), last(width), row(width);
  for (size_t j = 0; j < width; ++j) row[j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    before_last.swap(last);
    last.swap(row);
    row[0] = i;
    for (size_t j = 1; j < width; ++j) {
      const size_t replaced = last[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      row[j] = std::min({replaced, last[j] + 1, row[j - 1] + 1});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
  }
  return row[width - 1];
}

std::optional<std::string_view> nearest_word(std::string_view word,
                                             const std::vector<std::string_view>& known) {
  if (word.size() > kLongestWord) return std::nullopt;
  std::optional<std::string_view> nearest;
  size_t least = SIZE_MAX;
  for (const std::string_view candidate : known) {
    if (candidate.size() > kLongestWord) continue;
    const size_t distance = edit_distance(folded(word), folded(candidate));
    const size_t longer = std::max(word.size(), candidate.size());
    if (distance * 3 <= longer && distance < least) {
      least = distance;
      nearest = candidate;
    }
  }
  return nearest;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known) {
  if (const auto nearest = nearest_word(word, known)) {
    return "; did you mean '" + std::string(*nearest) + "'?";
  }
  const std::string listing = joined(known);
  if (listing.empty() || listing.size() > kLongestListing) return "";
  return "; known: " + listing;
}

std::string Quoted::operator()(std::string_view text) const {
  size_t end = std::min(text.size(), kLongestQuote);
  while (end > 0 && end < text.size() && (text[end] & 0xc0) == 0x80) --end;  // inside a character
  std::string result = "'";
  for (const char c : text.substr(0, end)) append_printable(result, c);
  return result + (end < text.size() ? "...'" : "'");
}

}  // namespace limbic
