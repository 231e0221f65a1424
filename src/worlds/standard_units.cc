#include "limbic/worlds/standard_units.h"

#include <ATen/ATen.h>

#include <cmath>
#include <limits>

#include "limbic/worlds/spline.h"

namespace limbic::worlds {
namespace {

constexpr double kLeast = std::numeric_limits<float>::min();
constexpr double kMost = std::numeric_limits<float>::max();
constexpr double kFarthest = 1e18;  // units whose square float32 holds

// What asinh takes.
at::Tensor units_of(const Transform& transform, const at::Tensor& x) {
  return ((x - transform.offset) / transform.unit).clamp(-kFarthest, kFarthest);
}

// x of f(x) = y, or infinite.
at::Tensor inverse(const Transform& transform, const at::Tensor& y) {
  if (transform.kind == TransformKind::kLog) return y.exp();
  if (transform.kind == TransformKind::kAsinh) return y.sinh() * transform.unit + transform.offset;
  return transform.spline->inverse(y);
}

}  // namespace

double Transform::operator()(double x) const {
  if (kind == TransformKind::kLog) return x > 0 ? std::log(x) : -HUGE_VAL;
  if (kind == TransformKind::kQuantile)
    return (*spline)(at::scalar_tensor(x, at::kDouble)).item<double>();
  return kind == TransformKind::kAsinh ? std::asinh((x - offset) / unit) : x;
}

at::Tensor transformed(const Transform& transform, const at::Tensor& x) {
  if (transform.kind == TransformKind::kLog) return x.clamp_min(kLeast).log();
  if (transform.kind == TransformKind::kAsinh) return units_of(transform, x).asinh();
  if (transform.kind == TransformKind::kQuantile) return (*transform.spline)(x);
  return x;
}

at::Tensor restored(const Transform& transform, const at::Tensor& y) {
  if (transform.is_none()) return y;
  const double least = transform.kind == TransformKind::kLog ? kLeast : -kMost;
  const auto x = inverse(transform, y);
  return at::where(y.isinf(), x, x.clamp(least, kMost));
}

at::Tensor log_slope(const Transform& transform, const at::Tensor& x) {
  if (transform.kind == TransformKind::kLog) return -x.clamp_min(kLeast).log();
  if (transform.kind == TransformKind::kAsinh)
    return -0.5 * units_of(transform, x).square().log1p() - std::log(transform.unit);
  if (transform.kind == TransformKind::kQuantile) return transform.spline->log_slope(x);
  return at::zeros_like(x);
}

at::Tensor standard_units(const Variable& variable, const at::Tensor& x) {
  return (transformed(variable.transform, x) - variable.center) / variable.scale;
}

}  // namespace limbic::worlds
