#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/config/fields.h"
#include "limbic/config/problems.h"

namespace limbic::brain::steering {

inline constexpr int64_t kMostCharacters = 4096;  // of one expression
inline constexpr int64_t kMostNested = 64;        // brackets, calls and signs inside one another

/// One node of an expression.
struct Term {
  enum class Kind { kNumber, kText, kName, kPresent, kCall, kOperator };

  Kind kind = Kind::kNumber;
  std::string text{};  // of a name, function or operator
  int64_t offset = 0;  // of its word in the expression's text
  double number = 0.0;
  std::vector<int64_t> arguments{};  // indices of earlier terms
  int64_t cell = -1;                 // kName, kPresent: of name[cell]
  bool verbatim = false;             // kName, kPresent: a dot in it is part of the name
};

/// What was written in one line of the program, as a tree.
///
///   or < and < not < comparison (no chains) < + - < * / < unary - < name, number, call, brackets
///
/// State   terms stand in the order of their making: arguments before what takes them, the whole
///         last. So nothing that walks an expression recurses.
struct Expression {
  config::Located source;
  std::vector<Term> terms;

  /// Where character `offset` was written.
  [[nodiscard]] config::Mark mark(int64_t offset = 0) const;
};

/// Nothing where the text is no expression; then the first mistake in it is noted.
std::optional<Expression> parse_expression(const config::Located& source,
                                           config::Problems& problems);

}  // namespace limbic::brain::steering
