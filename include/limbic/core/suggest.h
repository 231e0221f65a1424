#pragma once

#include <concepts>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace limbic {

/// Edits (insert, delete, replace, swap neighbours) from one word to the other.
size_t edit_distance(std::string_view a, std::string_view b);

/// The known word that a person most likely meant; case and '-' for '_' count as nothing. Ties go
/// to the first. Nothing where even the nearest differs in more than a third of its letters.
std::optional<std::string_view> nearest_word(std::string_view word,
                                             const std::vector<std::string_view>& known);

/// The tail of a message: "; did you mean 'x'?", else "; known: a, b, c" where that is short,
/// else "".
std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known);

/// The same of strings; a template, so that words in braces are views.
template <std::same_as<std::string> String>
std::string did_you_mean(std::string_view word, const std::vector<String>& known) {
  return did_you_mean(word, std::vector<std::string_view>(known.begin(), known.end()));
}

/// A word as messages show it: in quotes, on one line, at most 60 characters.
/// An object, so that std::quoted is never considered beside it.
struct Quoted {
  std::string operator()(std::string_view text) const;
};
inline constexpr Quoted quoted{};

}  // namespace limbic
