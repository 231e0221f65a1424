#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace limbic::brain::steering {

/// What is wrong with the text of an expression, and at which of its characters.
struct Mistake {
  int64_t offset;
  std::string message;
};

struct Token {
  enum class Kind { kNumber, kName, kText, kSymbol, kEnd };

  Kind kind = Kind::kEnd;
  std::string text;       // kText and a name in backquotes: without the quotes
  int64_t offset = 0;     // of its first character
  double number = 0.0;    // kNumber
  bool verbatim = false;  // kName: was in backquotes, so a dot in it is part of the name
};

/// An expression as words, the last of kind kEnd. `and`, `or` and `not` are symbols.
///
///   1.5e-3   name   assess.name   `any name`   'text'   "text"   + - * / ( ) [ ] , < <= > >= == !=
///
/// Errors  throws Mistake.
std::vector<Token> tokens_of(std::string_view text);

/// Whether an expression can say it without backquotes: letters, digits and '_', no digit first.
bool is_plain_name(std::string_view text);

}  // namespace limbic::brain::steering
