#pragma once

namespace limbic::worlds {

/// An interval in standard deviations from the mean.
struct Interval {
  double low, high;
};

/// Log of a standard normal's probability of an interval, in the tails too.
double log_normal_in(const Interval& interval);

/// Log of the probability that two standard normals of some correlation both lie in their
/// intervals:
///
///   P = P0 P1 + sum over corners (h, k) of +- D(h, k) / (2 pi)
///   D = integral over z in (0, artanh correlation) of
///       exp(-(h^2 + k^2 - 2 h k tanh z) cosh^2 z / 2) / cosh z
///
/// Units   log P to 1e-6 where P > .01, 1e-3 where P > 1e-5, for |correlation| < .9951; never
///         below log P0 P1 - 16.
/// Cost    .1 us if no corner lies within 6.5 on both sides, else up to 1 us.
/// Source  Plackett 1954, Biometrika 41, 351, with correlation = tanh z.
double log_normal_in(const Interval& first, const Interval& second, double correlation);

}  // namespace limbic::worlds
