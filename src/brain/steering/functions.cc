#include "limbic/brain/steering/functions.h"

#include <array>

namespace limbic::brain::steering {
namespace {

using Kind = Function::Kind;

constexpr int64_t kAny = INT64_MAX;

constexpr std::array kFunctions{
    Function{"where", Kind::kWhere, 3, 3, Op::kWhere},
    Function{"min", Kind::kExtreme, 1, kAny, Op::kMin},
    Function{"max", Kind::kExtreme, 1, kAny, Op::kMax},
    Function{"mean", Kind::kMean, 1, 1, Op::kMeanOfCells},
    Function{"abs", Kind::kElementwise, 1, 1, Op::kAbs},
    Function{"exp", Kind::kElementwise, 1, 1, Op::kExp},
    Function{"log", Kind::kElementwise, 1, 1, Op::kLog},
    Function{"sqrt", Kind::kElementwise, 1, 1, Op::kSqrt},
    Function{"relu", Kind::kElementwise, 1, 1, Op::kRelu},
    Function{"sigmoid", Kind::kElementwise, 1, 1, Op::kSigmoid},
    Function{"clamp", Kind::kClamp, 3, 3, Op::kMax},
    Function{"ema", Kind::kTrace, 2, 2, Op::kTrace},
    Function{"slope", Kind::kSlope, 1, 1, Op::kSubtract},
    Function{"delay", Kind::kDelay, 2, 2, Op::kDelay},
};

}  // namespace

const Function* find_function(std::string_view name) {
  for (const Function& function : kFunctions) {
    if (function.name == name) return &function;
  }
  return nullptr;
}

std::vector<std::string_view> function_names() {
  std::vector<std::string_view> names{"present"};
  for (const Function& function : kFunctions) names.push_back(function.name);
  return names;
}

}  // namespace limbic::brain::steering
