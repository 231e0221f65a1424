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

/// The panels of a density between neighbouring cuts, integrated once for any number of draws: a
/// panel by its integral, then a point by rejection under 1.6 times the highest node.
///
/// Errors  a density that is 0 at all nodes is refused.
class Panels {
 public:
  Panels(LogDensity log_density, std::span<const double> cuts);

  /// A draw from the density, which must be the one that was integrated.
  [[nodiscard]] double draw(LogDensity log_density, const Stream& stream) const;

 private:
  std::vector<double> cuts_;
  std::vector<double> log_bound_, mass_;  // of the panel from each cut to the next
  double sum_ = 0;                        // of mass_
};

/// A single draw from a density.
inline double draw_on_line(LogDensity log_density, std::span<const double> cuts,
                           const Stream& stream) {
  return Panels(log_density, cuts).draw(log_density, stream);
}

/// The cuts within [low, high] in order, both ends, and more between them, until no panel is wider
/// than `width`.
std::vector<double> fine_cuts(std::vector<double> cuts, double low, double high, double width);

/// Draws from a density that it knows.
using LineSampler = std::function<double(const Stream&)>;

/// A density and where to cut its line so that it is smooth between the cuts.
struct Line {
  std::function<double(double)> log_density;
  std::vector<double> cuts;

  [[nodiscard]] double log_mass() const { return log_integral(log_density, cuts); }
  [[nodiscard]] double draw(const Stream& stream) const {
    return draw_on_line(log_density, cuts, stream);
  }
  /// The same draws, for which the line is integrated once.
  [[nodiscard]] LineSampler sampler() const {
    return [panels = Panels(log_density, cuts), log_density = log_density](const Stream& stream) {
      return panels.draw(log_density, stream);
    };
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
