#pragma once

#include <c10/util/FunctionRef.h>

#include <functional>
#include <span>
#include <vector>

#include "limbic/core/stream.h"

namespace limbic::worlds {

/// Log of a density at a point of a line; -inf where there is none.
using LogDensity = c10::function_ref<double(double)>;

/// Integral from begin to end, which may lie before it, by Gauss and Legendre's rule of 8 nodes.
double integral(c10::function_ref<double(double)> function, double begin, double end);

/// Log of the integral of exp(log_density) from the first cut to the last, by Gauss and Legendre's
/// rule of 8 nodes between neighbouring cuts, which must ascend.
double log_integral(LogDensity log_density, std::span<const double> cuts);

/// A draw from that density: a panel between two cuts by its integral, then a point by rejection
/// under 1.6 times the highest node.
double draw_on_line(LogDensity log_density, std::span<const double> cuts, const Stream& stream);

/// The cuts within [low, high] in order, both ends, and more between them, until no panel is wider
/// than `width`.
std::vector<double> fine_cuts(std::vector<double> cuts, double low, double high, double width);

/// A density and where to cut its line so that it is smooth between the cuts.
struct Line {
  std::function<double(double)> log_density;
  std::vector<double> cuts;

  [[nodiscard]] double log_mass() const { return log_integral(log_density, cuts); }
  [[nodiscard]] double draw(const Stream& stream) const {
    return draw_on_line(log_density, cuts, stream);
  }
};

/// Where a density with one peak matters: from `begin` to `end` its log lies less than some 9 to
/// 16 nats below its value near `peak`, or the line ends there.
struct Bell {
  double begin, peak, end;
};

/// Climbs from `guess`, whose peak and width should be near.
///
/// Cost    some 8 calls from a good guess, 20 from none.
Bell find_bell(LogDensity log_density, double low, double high, const Bell& guess);

}  // namespace limbic::worlds
