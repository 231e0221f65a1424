#include "limbic/worlds/spline.h"

#include <ATen/ATen.h>

#include <algorithm>
#include <cmath>

namespace limbic::worlds {
namespace {

constexpr int64_t kColumns = 6;

std::vector<double> secants(const std::vector<Knot>& knots) {
  std::vector<double> all;
  for (size_t k = 0; k + 1 < knots.size(); ++k)
    all.push_back((knots[k + 1].y - knots[k].y) / (knots[k + 1].x - knots[k].x));
  return all;
}

// The straight lines beyond both ends: 0 between them.
at::Tensor beyond(const at::Tensor& value, double first, double last, double before, double after) {
  return (value - first).clamp_max(0) * before + (value - last).clamp_min(0) * after;
}

}  // namespace

Spline::Spline(const std::vector<Knot>& knots) : knots_(knots) {
  const std::vector<double> secant = secants(knots);
  TORCH_CHECK(!secant.empty() && std::ranges::all_of(secant, [](double s) { return s > 0; }),
              "a spline needs at least two knots that rise, got ", knots.size());
  const size_t num_pieces = secant.size();
  const Knot &first = knots.front(), &last = knots.back();
  const double whole = (last.y - first.y) / (last.x - first.x);
  const auto slope_at = [&](size_t knot) {
    if (knot == 0) return std::min(secant.front(), whole);
    if (knot == num_pieces) return std::min(secant.back(), whole);
    return std::sqrt(secant[knot - 1] * secant[knot]);
  };
  first_slope_ = slope_at(0);
  last_slope_ = slope_at(num_pieces);
  std::vector<double> pieces, inner_x, inner_y;
  for (size_t k = 0; k < num_pieces; ++k) {
    const Knot &from = knots[k], &to = knots[k + 1];
    pieces.insert(pieces.end(),
                  {from.x, from.y, to.x - from.x, to.y - from.y, slope_at(k), slope_at(k + 1)});
    if (k == 0) continue;
    inner_x.push_back(from.x);
    inner_y.push_back(from.y);
  }
  numbers_ = {at::tensor(pieces, at::kDouble).view({-1, kColumns}),
              at::tensor(inner_x, at::kDouble), at::tensor(inner_y, at::kDouble)};
}

Spline::Numbers Spline::Numbers::to(at::Device device) const {
  return {pieces.to(device), inner_x.to(device), inner_y.to(device)};
}

Spline::Numbers Spline::on(at::Device device) const {
  if (device.is_cpu()) return numbers_;
  const std::lock_guard lock(mutex_);
  if (!moved_.pieces.defined() || moved_.pieces.device() != device) moved_ = numbers_.to(device);
  return moved_;
}

Spline::Piece Spline::piece_of(const at::Tensor& value, const at::Tensor& inner,
                               const Numbers& numbers) {
  const auto index = at::bucketize(value, inner, /*out_int32=*/false, /*right=*/true);
  const auto columns = numbers.pieces.index_select(0, index.flatten());
  const auto column = [&](int64_t c) { return columns.select(1, c).view(value.sizes()); };
  return {column(0), column(1), column(2), column(3), column(4), column(5)};
}

at::Tensor Spline::operator()(const at::Tensor& x) const {
  const auto value = x.to(at::kDouble);
  const Numbers numbers = on(x.device());
  const Piece p = piece_of(value, numbers.inner_x, numbers);
  const auto t = ((value - p.x) / p.width).clamp(0, 1), u = t * (1 - t), s = p.secant();
  const auto inside =
      p.y + p.height * (s * t.square() + p.slope0 * u) / (s + (p.slope0 + p.slope1 - 2 * s) * u);
  const auto outside = beyond(value, knots_.front().x, knots_.back().x, first_slope_, last_slope_);
  return (inside + outside).to(x.scalar_type());
}

at::Tensor Spline::inverse(const at::Tensor& y) const {
  const auto value = y.to(at::kDouble);
  const Numbers numbers = on(y.device());
  const Piece p = piece_of(value, numbers.inner_y, numbers);
  const auto up = at::minimum((value - p.y).clamp_min(0), p.height), s = p.secant();
  const auto bend = up * (p.slope0 + p.slope1 - 2 * s);
  const auto a = p.height * (s - p.slope0) + bend, b = p.height * p.slope0 - bend, c = -s * up;
  const auto root = (b.square() - 4 * a * c).clamp_min(0).sqrt();
  const auto inside = p.x + p.width * (-2 * c / (b + root));
  const auto outside =
      beyond(value, knots_.front().y, knots_.back().y, 1 / first_slope_, 1 / last_slope_);
  return (inside + outside).to(y.scalar_type());
}

at::Tensor Spline::log_slope(const at::Tensor& x) const {
  const auto value = x.to(at::kDouble);
  const Numbers numbers = on(x.device());
  const Piece p = piece_of(value, numbers.inner_x, numbers);
  const auto t = ((value - p.x) / p.width).clamp(0, 1), u = t * (1 - t), s = p.secant();
  const auto above = p.slope1 * t.square() + 2 * s * u + p.slope0 * (1 - t).square();
  const auto below = s + (p.slope0 + p.slope1 - 2 * s) * u;
  return (2 * s.log() + above.log() - 2 * below.log()).to(x.scalar_type());
}

std::vector<Knot> normalising_knots(std::vector<double> numbers) {
  std::ranges::sort(numbers);
  const auto n = static_cast<double>(numbers.size());
  // Even in y, so that tails have knots too; an odd number, so that the median has one.
  const int64_t count = std::clamp<int64_t>(std::llround(std::cbrt(n)) / 2 * 2 + 1, 3, 17);
  const double last = at::special_ndtri(at::scalar_tensor(1 - 0.5 / n, at::kDouble)).item<double>();
  const auto y = at::linspace(-last, last, count, at::kDouble), p = at::special_ndtr(y);
  std::vector<Knot> knots;
  for (int64_t k = 0; k < count;) {  // knots of one place become one
    const auto x_of = [&](int64_t i) {
      return numbers[static_cast<size_t>(p[i].item<double>() * n)];
    };
    double sum = 0;
    const int64_t begin = k;
    for (; k < count && x_of(k) == x_of(begin); ++k) sum += y[k].item<double>();
    knots.push_back({x_of(begin), sum / static_cast<double>(k - begin)});
  }
  if (knots.size() == 1) return {{knots[0].x, 0}, {knots[0].x + 1, 1}};
  return knots;
}

}  // namespace limbic::worlds
