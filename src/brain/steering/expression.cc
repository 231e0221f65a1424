#include "limbic/brain/steering/expression.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <utility>

#include "limbic/brain/steering/lexer.h"
#include "limbic/core/suggest.h"

namespace limbic::brain::steering {
namespace {

using Kind = Token::Kind;

constexpr int64_t kMostCells = 1 << 20;
constexpr std::array<std::string_view, 6> kComparisons{"<", "<=", ">", ">=", "==", "!="};

/// Recursive descent, one function for each level of precedence; each returns a term's index.
class Parser {
 public:
  explicit Parser(std::vector<Token> tokens) : tokens_(std::move(tokens)) {}

  std::vector<Term> parse() {
    disjunction();
    if (now().kind != Kind::kEnd) stop_expecting("the end of the expression");
    return std::move(terms_);
  }

 private:
  /// Counts how deep the parser stands, so that no text can exhaust the stack.
  class Nested {
   public:
    Nested(Parser& parser, const Token& token) : parser_(parser) {
      if (++parser.depth_ > kMostNested) {
        throw Mistake{token.offset, "nested more than " + std::to_string(kMostNested) + " deep"};
      }
    }
    ~Nested() { --parser_.depth_; }
    Nested(const Nested&) = delete;
    Nested& operator=(const Nested&) = delete;

   private:
    Parser& parser_;
  };

  [[nodiscard]] const Token& now() const { return tokens_[at_]; }
  [[nodiscard]] bool sees(std::string_view symbol) const {
    return now().kind == Kind::kSymbol && now().text == symbol;
  }
  [[nodiscard]] bool sees_comparison() const {
    return now().kind == Kind::kSymbol &&
           std::ranges::find(kComparisons, now().text) != kComparisons.end();
  }
  const Token& take() { return tokens_[at_++]; }
  [[noreturn]] void stop_expecting(const std::string& what) const {
    const std::string got =
        now().kind == Kind::kEnd ? "the end of the expression" : quoted(now().text);
    throw Mistake{now().offset, "expected " + what + ", got " + got};
  }
  void expect(std::string_view symbol) {
    if (!sees(symbol)) stop_expecting(quoted(symbol));
    take();
  }

  int64_t add(Term term) {
    terms_.push_back(std::move(term));
    return std::ssize(terms_) - 1;
  }
  int64_t add_operator(const Token& token, std::vector<int64_t> arguments) {
    return add({.kind = Term::Kind::kOperator,
                .text = token.text,
                .offset = token.offset,
                .arguments = std::move(arguments)});
  }

  int64_t disjunction() {
    int64_t left = conjunction();
    while (sees("or")) {
      const Token& token = take();
      left = add_operator(token, {left, conjunction()});
    }
    return left;
  }

  int64_t conjunction() {
    int64_t left = negation();
    while (sees("and")) {
      const Token& token = take();
      left = add_operator(token, {left, negation()});
    }
    return left;
  }

  int64_t negation() {
    if (!sees("not")) return comparison();
    const Token& token = take();
    const Nested nested(*this, token);
    return add_operator(token, {negation()});
  }

  int64_t comparison() {
    const int64_t left = sum();
    if (!sees_comparison()) return left;
    const Token& token = take();
    const int64_t compared = add_operator(token, {left, sum()});
    if (sees_comparison()) {
      throw Mistake{now().offset,
                    "comparisons can't be chained; write 'a < b and b < c' for 'a < b < c'"};
    }
    return compared;
  }

  int64_t sum() {
    int64_t left = product();
    while (sees("+") || sees("-")) {
      const Token& token = take();
      left = add_operator(token, {left, product()});
    }
    return left;
  }

  int64_t product() {
    int64_t left = sign();
    while (sees("*") || sees("/")) {
      const Token& token = take();
      left = add_operator(token, {left, sign()});
    }
    return left;
  }

  int64_t sign() {
    if (!sees("-")) return primary();
    const Token& token = take();
    const Nested nested(*this, token);
    const int64_t operand = sign();
    Term& term = terms_[operand];
    if (term.kind != Term::Kind::kNumber) return add_operator(token, {operand});
    term.number = -term.number;
    term.offset = token.offset;
    return operand;
  }

  int64_t primary() {
    if (sees("(")) return in_brackets();
    if (now().kind == Kind::kNumber) {
      const Token& token = take();
      return add({.offset = token.offset, .number = token.number});
    }
    if (now().kind == Kind::kText) {
      const Token& token = take();
      return add({.kind = Term::Kind::kText, .text = token.text, .offset = token.offset});
    }
    if (now().kind != Kind::kName) stop_expecting("a value");
    if (tokens_[at_ + 1].kind == Kind::kSymbol && tokens_[at_ + 1].text == "(") return call();
    return name(Term::Kind::kName);
  }

  int64_t in_brackets() {
    const Nested nested(*this, take());
    const int64_t inside = disjunction();
    expect(")");
    return inside;
  }

  int64_t name(Term::Kind kind) {
    const Token& token = take();
    Term term{.kind = kind, .text = token.text, .offset = token.offset};
    term.verbatim = token.verbatim;
    if (sees("[")) {
      take();
      term.cell = cell();
      expect("]");
    }
    return add(std::move(term));
  }

  int64_t cell() {
    const double number = now().number;
    const bool is_index =
        now().kind == Kind::kNumber && number == std::floor(number) && number < kMostCells;
    if (!is_index) stop_expecting("the number of a cell");
    take();
    return static_cast<int64_t>(number);
  }

  int64_t call() {
    const Token& function = take();
    const Nested nested(*this, function);
    expect("(");
    if (function.text == "present") return presence();
    Term term{.kind = Term::Kind::kCall, .text = function.text, .offset = function.offset};
    if (!sees(")")) term.arguments.push_back(disjunction());
    while (sees(",")) {
      take();
      term.arguments.push_back(disjunction());
    }
    expect(")");
    return add(std::move(term));
  }

  int64_t presence() {
    if (now().kind != Kind::kName) stop_expecting("the name of a variable");
    const int64_t term = name(Term::Kind::kPresent);
    expect(")");
    return term;
  }

  std::vector<Token> tokens_;
  std::vector<Term> terms_;
  size_t at_ = 0;
  int64_t depth_ = 0;
};

}  // namespace

config::Mark Expression::mark(int64_t offset) const {
  return source.mark.of_character(source.text, offset);
}

std::optional<Expression> parse_expression(const config::Located& source,
                                           config::Problems& problems) {
  Expression expression{.source = source, .terms = {}};
  try {
    if (std::ssize(source.text) > kMostCharacters) {
      throw Mistake{0, "an expression may have " + std::to_string(kMostCharacters) +
                           " characters, and this has " + std::to_string(source.text.size())};
    }
    expression.terms = Parser(tokens_of(source.text)).parse();
  } catch (const Mistake& mistake) {
    problems.add(expression.mark(mistake.offset), mistake.message);
    return std::nullopt;
  }
  return expression;
}

}  // namespace limbic::brain::steering
