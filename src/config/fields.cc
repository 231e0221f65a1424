#include "limbic/config/fields.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>

namespace limbic::config {
namespace {

constexpr long double kLargestPlain = 1e15L;

std::string number_text(long double value) {
  std::array<char, 64> buffer{};
  const bool whole = value == std::trunc(value);
  const bool fits = value >= -0x1p63L && value < 0x1p63L;
  const bool is_limit = value == -0x1p63L || value == 0x1p63L - 1;
  const auto end = whole && fits && (std::abs(value) < kLargestPlain || is_limit)
                       ? std::to_chars(buffer.begin(), buffer.end(), static_cast<int64_t>(value))
                       : std::to_chars(buffer.begin(), buffer.end(), static_cast<double>(value));
  return {buffer.data(), end.ptr};
}

}  // namespace

std::string Range::text() const {
  if (std::isinf(high)) return "at least " + number_text(low);
  return "in [" + number_text(low) + ", " + number_text(high) + "]";
}

Range cut_to_int64(const Range& range) {
  const Range all =
      within(std::numeric_limits<int64_t>::min(), std::numeric_limits<int64_t>::max());
  return {std::max(range.low, all.low), std::min(range.high, all.high)};
}

}  // namespace limbic::config
