#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "limbic/brain/steering/code.h"

namespace limbic::brain::steering {

/// A function of the language; `present(x)`, which takes a name, is the parser's.
struct Function {
  enum class Kind {
    kElementwise,  // one number in, one out: `op` of it
    kMean,         // over the cells
    kExtreme,      // min, max: over the cells of one argument, or element by element over several
    kWhere,        // where(claim, a, b)
    kClamp,        // clamp(x, low, high)
    kSlope,        // x - delay(x, 1)
    kTrace,        // ema(x, tau)
    kDelay,        // delay(x, ticks)
  };

  std::string_view name;
  Kind kind = Kind::kElementwise;
  int64_t fewest = 1, most = 1;  // arguments
  Op op = Op::kAbs;
};

/// nullptr where there is none of that name.
const Function* find_function(std::string_view name);
std::vector<std::string_view> function_names();

}  // namespace limbic::brain::steering
