#pragma once

#include <ATen/core/Tensor.h>

#include <optional>
#include <string>
#include <string_view>

#include "limbic/worlds/variable.h"

namespace limbic::worlds {

/// A value as people write it, for `--given name=text`, at one tick.
///
///   category  words between spaces, one for each cell: `here is a sandal`
///   scalar    numbers between commas, one for each cell: `5.1`
///   vector    numbers between commas, cell after cell: `0.5, 0.25`
///
/// Shapes  [1, cells], of vectors [1, cells, size]; int64 or float32.
/// Errors  input: another count of words or numbers, an unknown word (with the nearest one), no
///         finite number, none that the variable admits.
at::Tensor parse_value(const Variable& variable, std::string_view text);

/// The same text again, of the shapes above: parse_value(v, format_value(v, x)) equals x.
std::string format_value(const Variable& variable, const at::Tensor& value);

/// One number of a variable: a category as its word, or its index if it has no names; others in the
/// fewest digits that give the float32 back.
///
/// Errors  input, as above.
double parse_number(const Variable& variable, std::string_view text);
std::string format_number(const Variable& variable, double number);

/// The number that a text is; one too large for a double is infinite, and nan is one.
std::optional<double> number_in(std::string_view text);

/// Whether a scalar may have this value: within its bounds, and above 0 if its transform is log.
bool admits(const Variable& variable, float number);
/// How a message says which it may have: "", " above 0", " from 0 to 120", " of at least 18".
std::string range_in_words(const Variable& variable);

}  // namespace limbic::worlds
