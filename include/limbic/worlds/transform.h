#pragma once

#include <array>
#include <memory>
#include <utility>

namespace limbic::worlds {

class Spline;

enum class TransformKind { kNone, kLog, kAsinh, kQuantile };

constexpr auto enum_names(TransformKind) {
  return std::array{std::pair{"none", TransformKind::kNone}, std::pair{"log", TransformKind::kLog},
                    std::pair{"asinh", TransformKind::kAsinh},
                    std::pair{"quantile", TransformKind::kQuantile}};
}

/// What makes the tails of a scalar light.
///
///   none      f(x) = x
///   log       f(x) = log x, of numbers above 0
///   asinh     f(x) = asinh((x - offset) / unit)
///   quantile  f by a spline that gives the column's quantiles those of a normal distribution
///
/// Source  Johnson 1949 (systems of curves by translation), Biometrika 36.
struct Transform {
  TransformKind kind = TransformKind::kNone;
  double offset = 0.0;
  double unit = 1.0;
  std::shared_ptr<const Spline> spline = nullptr;

  [[nodiscard]] bool is_none() const { return kind == TransformKind::kNone; }
  [[nodiscard]] double operator()(double x) const;
};

}  // namespace limbic::worlds
