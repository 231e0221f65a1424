#include "limbic/worlds/two_moons_oracle.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>
#include <vector>

#include "limbic/worlds/normal.h"
#include "limbic/worlds/quadrature.h"

namespace limbic::worlds {
namespace {

using std::numbers::pi, std::numbers::sqrt2;
using two_moons::kRadius, two_moons::kWidth, two_moons::kOffset;

constexpr double kReach = kRadius + 10 * kWidth;  // the noise goes no further
constexpr double kRounding = 1e-6;                // x is float32: p0 may end up just below 0
constexpr double kNothing = -std::numeric_limits<double>::infinity();

double log_of_radius(double radius) { return log_normal(radius, kRadius, kWidth); }

// Log density of the noise, the same in all directions.
double log_noise(double p0, double p1) {
  const double radius = std::hypot(p0, p1);
  return log_of_radius(radius) - std::log(pi * radius);
}

// Log of its integral along a whole straight line at some distance from the origin. The integrand
// is smooth and 0 at both ends, so that equal steps are exact.
double log_noise_along(double distance) {
  constexpr double kStep = 0.8 * kWidth;
  double sum = 0;
  for (double along = 0.5 * kStep; along < kReach; along += kStep) {
    const double radius = std::sqrt(distance * distance + along * along);
    const double z = (radius - kRadius) / kWidth;
    sum += std::exp(-0.5 * z * z) / radius;
  }
  return std::log(sum * 2 * kStep / (pi * kWidth * std::sqrt(2 * pi)));
}

// What is known of a row; where theta1 alone is known it is the mirror image of a row in which
// theta0 is: they change places, and x1 its sign.
struct Seen {
  Seen(std::span<const double> row, std::span<const uint8_t> known)
      : is_mirrored(known[1] && !known[0]),
        has_theta(known[0] || known[1]),
        has_all_theta(known[0] && known[1]),
        has_x0(known[2]),
        has_x1(known[3]),
        theta0(is_mirrored ? row[1] : row[0]),
        theta1(is_mirrored ? row[0] : row[1]),
        x0(row[2]),
        x1(is_mirrored ? -row[3] : row[3]) {}

  [[nodiscard]] bool has_x() const { return has_x0 || has_x1; }
  [[nodiscard]] double p0(double s) const { return x0 - kOffset + std::abs(s); }
  [[nodiscard]] double p1(double d) const { return x1 - d; }
  void set(double s, double d) {
    theta0 = std::clamp((s - d) / sqrt2, -1.0, 1.0);
    theta1 = std::clamp((s + d) / sqrt2, -1.0, 1.0);
  }

  bool is_mirrored, has_theta, has_all_theta, has_x0, has_x1;
  double theta0, theta1, x0, x1;
};

// Log density of the known cells of x, given theta.
double log_likelihood(const Seen& seen, double s, double d) {
  const double p0 = seen.p0(s), p1 = seen.p1(d);
  const auto is_far = [](double p) { return std::abs(p) > kReach; };
  if (seen.has_x0 && (p0 < -kRounding || is_far(p0))) return kNothing;
  if (seen.has_x1 && is_far(p1)) return kNothing;
  if (seen.has_x0 && seen.has_x1) return log_noise(p0, p1);
  if (seen.has_x0) return log_noise_along(p0);
  if (seen.has_x1) return log_noise_along(p1) - std::log(2);
  return 0;
}

double log_likelihood(const Seen& seen) {
  return log_likelihood(seen, (seen.theta0 + seen.theta1) / sqrt2,
                        (seen.theta1 - seen.theta0) / sqrt2);
}

Line line_of_theta1(const Seen& seen) {
  const auto log_density = [seen](double theta1) {
    return log_likelihood(seen, (seen.theta0 + theta1) / sqrt2, (theta1 - seen.theta0) / sqrt2);
  };
  double low = -1, high = 1;
  if (seen.has_x1) {
    low = std::max(low, seen.theta0 + sqrt2 * (seen.x1 - kReach));
    high = std::min(high, seen.theta0 + sqrt2 * (seen.x1 + kReach));
  }
  std::vector<double> cuts{-seen.theta0};
  if (seen.has_x0) {  // where the noise begins and ends
    for (const double s : {kOffset - seen.x0, kOffset - seen.x0 + kReach}) {
      for (const double sign : {-1, 1}) cuts.push_back(sign * sqrt2 * s - seen.theta0);
    }
  }
  const double width = seen.has_x0 && seen.has_x1 ? kWidth : 2 * kWidth;
  return {log_density, fine_cuts(std::move(cuts), low, high, sqrt2 * width)};
}

// Where x0 alone is known. Both signs of s are in it.
Line line_of_sum(const Seen& seen) {
  const auto log_density = [seen](double s) {
    return log_likelihood(seen, s, 0) + std::log(std::max(sqrt2 - s, 0.0));
  };
  const double low = std::max(0.0, kOffset - seen.x0);
  return {log_density, fine_cuts({}, low, std::min(sqrt2, low + kReach), 2 * kWidth)};
}

// Where x1 alone is known.
Line line_of_difference(const Seen& seen) {
  const auto log_density = [seen](double d) {
    return log_likelihood(seen, 0, d) + std::log(std::max(sqrt2 - std::abs(d), 0.0) / 2);
  };
  const double low = std::max(-sqrt2, seen.x1 - kReach), high = std::min(sqrt2, seen.x1 + kReach);
  return {log_density, fine_cuts({0}, low, high, 2 * kWidth)};
}

// The triangle in which the noise must lie for theta to be in its box, given x:
//   p0 >= corner,  p0 - corner + |p1 - x1| <= sqrt 2
struct Triangle {
  /// p . (cos normal, sin normal) <= bound
  struct Side {
    double normal, bound;
  };

  explicit Triangle(const Seen& seen) : corner(seen.x0 - kOffset), x1(seen.x1) {
    const double top = sqrt2 + corner;
    sides = {Side{pi, -corner}, Side{-pi / 4, (top - x1) / sqrt2},
             Side{pi / 4, (top + x1) / sqrt2}};
  }

  /// Radii between which a ray from the origin is in it; begin >= end if it misses.
  [[nodiscard]] std::array<double, 2> radii(double angle) const {
    double begin = kRadius - 10 * kWidth, end = kReach;
    for (const Side& side : sides) {
      const double slope = std::cos(angle - side.normal);
      if (slope > 0) {
        end = std::min(end, side.bound / slope);
      } else {
        begin = std::max(begin, side.bound / slope);
      }
    }
    return {begin, end};
  }

  /// Angles at which a ray meets a side at some radius.
  [[nodiscard]] std::vector<double> angles(double radius) const {
    std::vector<double> found;
    for (const Side& side : sides) {
      if (std::abs(side.bound) > radius) continue;
      for (const double sign : {-1, 1}) {
        const double angle = side.normal + sign * std::acos(side.bound / radius);
        found.push_back(std::remainder(angle, 2 * pi));
      }
    }
    return found;
  }

  double corner, x1;
  std::array<Side, 3> sides;
};

// Where x is known and theta is not. A ray's share is smooth but where it runs into a corner, and
// steep where it is nearly parallel to a side: cuts are no more than two widths of r apart.
Line line_of_angle(const Triangle& triangle) {
  const auto log_density = [triangle](double angle) {
    const auto [begin, end] = triangle.radii(angle);
    if (begin >= end) return kNothing;
    const auto below = [](double r) { return 0.5 * std::erfc((kRadius - r) / (kWidth * sqrt2)); };
    return std::log((below(end) - below(begin)) / pi);
  };
  std::vector<double> cuts;
  for (const Triangle::Side& side : triangle.sides) {
    for (const double turn : {-pi / 2, pi / 2})
      cuts.push_back(std::remainder(side.normal + turn, 2 * pi));
  }
  const double corner = triangle.corner, x1 = triangle.x1;
  cuts.insert(cuts.end(), {std::atan2(x1 - sqrt2, corner), std::atan2(x1 + sqrt2, corner),
                           std::atan2(x1, corner + sqrt2)});
  for (int64_t i = -4; i <= 4; ++i) {
    const auto angles = triangle.angles(kRadius + 2 * static_cast<double>(i) * kWidth);
    cuts.insert(cuts.end(), angles.begin(), angles.end());
  }
  return {log_density, fine_cuts(std::move(cuts), -pi / 2, pi / 2, 0.2)};
}

// Where x tells of an unknown theta: what of it is drawn first.
Line line_of(const Seen& seen) {
  if (seen.has_theta) return line_of_theta1(seen);
  if (!seen.has_x1) return line_of_sum(seen);
  if (!seen.has_x0) return line_of_difference(seen);
  return line_of_angle(Triangle(seen));
}

// Draws from that; empty where no x tells of an unknown theta.
LineSampler sampler_of_theta(const Seen& seen) {
  return seen.has_all_theta || !seen.has_x() ? LineSampler{} : line_of(seen).sampler();
}

void draw_theta_given_x(Seen& seen, double angle, const Stream& stream) {
  const Triangle triangle(seen);
  const auto [begin, end] = triangle.radii(angle);
  const Line line{log_of_radius, fine_cuts({}, begin, end, kWidth)};
  const double radius = line.draw(stream.child("radius"));
  const double s = std::max(radius * std::cos(angle) - triangle.corner, 0.0);
  seen.set(stream.uniform(0) < 0.5 ? -s : s, seen.p1(radius * std::sin(angle)));
}

void draw_theta(Seen& seen, const LineSampler& sampler, const Stream& stream) {
  const auto within = [&](double bound, int64_t i) { return bound * (2 * stream.uniform(i) - 1); };
  if (seen.has_theta) {
    seen.theta1 = seen.has_x() ? sampler(stream.child("theta1")) : within(1, 0);
  } else if (seen.has_x0 && seen.has_x1) {
    draw_theta_given_x(seen, sampler(stream.child("angle")), stream);
  } else if (seen.has_x0) {
    const double s = sampler(stream.child("sum"));
    seen.set(stream.uniform(0) < 0.5 ? -s : s, within(sqrt2 - s, 1));
  } else if (seen.has_x1) {
    const double d = sampler(stream.child("difference"));
    seen.set(within(sqrt2 - std::abs(d), 0), d);
  } else {
    seen.theta0 = within(1, 0);
    seen.theta1 = within(1, 1);
  }
}

void draw_x(Seen& seen, const Stream& stream) {
  const double s = (seen.theta0 + seen.theta1) / sqrt2, d = (seen.theta1 - seen.theta0) / sqrt2;
  double p0 = seen.p0(s), p1 = seen.p1(d);
  if (seen.has_x0) {
    const Line line{[p0](double p) { return log_noise(p0, p); },
                    fine_cuts({}, -kReach, kReach, kWidth)};
    p1 = line.draw(stream);
  } else if (seen.has_x1) {
    const Line line{[p1](double p) { return log_noise(p, p1); }, fine_cuts({}, 0, kReach, kWidth)};
    p0 = line.draw(stream);
  } else {
    const double angle = pi * (stream.uniform(0) - 0.5);
    const double radius = kRadius + kWidth * stream.normal(0);
    p0 = radius * std::cos(angle);
    p1 = radius * std::sin(angle);
  }
  seen.x0 = p0 + kOffset - std::abs(s);
  seen.x1 = p1 + d;
}

}  // namespace

double TwoMoonsOracle::log_density(std::span<const double> row,
                                   std::span<const uint8_t> known) const {
  const Seen seen(row, known);
  for (const int64_t i : {0, 1}) {
    if (known[i] && std::abs(row[i]) > 1) return kNothing;
  }
  const double log_prior = -std::log(2) * (known[0] + known[1]);
  if (!seen.has_x()) return log_prior;
  if (seen.has_all_theta) return log_prior + log_likelihood(seen);
  // theta1's own prior; an angle stands for both signs of s, at a prior of 1/4
  const bool is_half = seen.has_theta || (seen.has_x0 && seen.has_x1);
  return log_prior - (is_half ? std::log(2) : 0) + line_of(seen).log_mass();
}

RowOracle::Completion TwoMoonsOracle::completion(const std::vector<double>& row,
                                                 const std::vector<uint8_t>& known) const {
  const Seen known_cells(row, known);
  const LineSampler sampler = sampler_of_theta(known_cells);
  return [known_cells, sampler](std::span<double> completed, const Stream& stream) {
    Seen seen = known_cells;
    if (!seen.has_all_theta) draw_theta(seen, sampler, stream.child("theta"));
    if (!seen.has_x0 || !seen.has_x1) draw_x(seen, stream.child("x"));
    completed[0] = seen.is_mirrored ? seen.theta1 : seen.theta0;
    completed[1] = seen.is_mirrored ? seen.theta0 : seen.theta1;
    completed[2] = seen.x0;
    completed[3] = seen.is_mirrored ? -seen.x1 : seen.x1;
  };
}

}  // namespace limbic::worlds
