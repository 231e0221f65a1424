#include "limbic/brain/steering/lexer.h"

#include <array>
#include <charconv>
#include <cmath>
#include <system_error>
#include <utility>

#include "limbic/core/suggest.h"

namespace limbic::brain::steering {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool starts_name(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool continues_name(char c) { return starts_name(c) || is_digit(c); }

/// What people from other languages write, and what it is called here.
std::string_view hint(char c) {
  if (c == '&') return "; write 'and'";
  if (c == '|') return "; write 'or'";
  if (c == '!') return "; write 'not'";
  return c == '=' ? "; equality is '=='" : "";
}

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  Token next() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) {
      ++at_;
    }
    if (at_ == text_.size()) return token(Token::Kind::kEnd, at_);
    const char c = text_[at_];
    if (is_digit(c) || (c == '.' && is_digit(peek(1)))) return number();
    if (starts_name(c)) return name();
    if (c == '\'' || c == '"') return in_quotes(Token::Kind::kText);
    if (c == '`') return in_quotes(Token::Kind::kName);
    return symbol();
  }

 private:
  [[nodiscard]] char peek(size_t ahead) const {
    return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0';
  }
  [[noreturn]] static void stop(size_t offset, std::string message) {
    throw Mistake{static_cast<int64_t>(offset), std::move(message)};
  }

  Token token(Token::Kind kind, size_t end) {
    Token made{.kind = kind,
               .text = std::string(text_.substr(at_, end - at_)),
               .offset = static_cast<int64_t>(at_)};
    at_ = end;
    return made;
  }

  Token number() {
    const char* first = text_.data() + at_;
    double value = 0;
    const auto [after, error] = std::from_chars(first, text_.data() + text_.size(), value);
    size_t end = at_ + (after - first);
    const bool ends_well =
        end == text_.size() || !(continues_name(text_[end]) || text_[end] == '.');
    while (end < text_.size() && (continues_name(text_[end]) || text_[end] == '.')) ++end;
    const std::string written = quoted(text_.substr(at_, end - at_));
    if (!ends_well) stop(at_, "malformed number " + written);
    const bool fits = error == std::errc() && std::isfinite(static_cast<float>(value));
    if (!fits) stop(at_, "number " + written + " is out of range");
    Token made = token(Token::Kind::kNumber, end);
    made.number = value;
    return made;
  }

  Token name() {
    size_t end = at_;
    const auto take_word = [&] {
      while (end < text_.size() && continues_name(text_[end])) ++end;
    };
    take_word();
    while (end + 1 < text_.size() && text_[end] == '.' && starts_name(text_[end + 1])) {
      ++end;
      take_word();
    }
    Token made = token(Token::Kind::kName, end);
    const bool is_symbol = made.text == "and" || made.text == "or" || made.text == "not";
    if (is_symbol) made.kind = Token::Kind::kSymbol;
    return made;
  }

  Token in_quotes(Token::Kind kind) {
    const size_t end = text_.find(text_[at_], at_ + 1);
    if (end == std::string_view::npos) stop(at_, "a quote that is never closed");
    Token made = token(kind, end + 1);
    made.text = made.text.substr(1, made.text.size() - 2);
    made.verbatim = true;
    return made;
  }

  Token symbol() {
    constexpr std::array<std::string_view, 4> kPairs{"<=", ">=", "==", "!="};
    for (const std::string_view pair : kPairs) {
      if (text_.substr(at_, 2) == pair) return token(Token::Kind::kSymbol, at_ + 2);
    }
    const char c = text_[at_];
    if (std::string_view("+-*/()[],<>").find(c) == std::string_view::npos) {
      size_t end = at_ + 1;  // the whole of a character of several bytes
      while (end < text_.size() && (static_cast<unsigned char>(text_[end]) & 0xc0) == 0x80) ++end;
      const std::string written = quoted(text_.substr(at_, end - at_));
      stop(at_, "unexpected character " + written + std::string(hint(c)));
    }
    return token(Token::Kind::kSymbol, at_ + 1);
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::vector<Token> tokens_of(std::string_view text) {
  Lexer lexer(text);
  std::vector<Token> tokens;
  do {
    tokens.push_back(lexer.next());
  } while (tokens.back().kind != Token::Kind::kEnd);
  return tokens;
}

bool is_plain_name(std::string_view text) {
  if (text.empty() || !starts_name(text[0])) return false;
  for (const char c : text) {
    if (!continues_name(c)) return false;
  }
  return true;
}

}  // namespace limbic::brain::steering
