#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: coverage`.
struct CoverageConfig {
  HeldOut held_out;
  std::vector<double> levels{0.5, 0.8, 0.95};
  int64_t masks = 16;
  double rate = 0.5;
  double tolerance = 0.01;

  static void fields(auto& self, auto&& field) {
    using config::within;
    HeldOut::fields(self.held_out, field);
    field("levels", self.levels, within(0.01, 0.99),
          "mass of the central intervals, told apart by whole percents");
    field("masks", self.masks, within<int64_t>(1, 4096), "random sets of observed cells");
    field("rate", self.rate, within(0.0, 1.0), "chance that a cell is observed");
    field("tolerance", self.tolerance, within(0.0, 1.0),
          "how far from its mass an interval's coverage may be; by chance alone it is off by "
          "sqrt(p (1 - p) / rows): by 0.005 where half of 10000 rows are to be covered");
  }
  static std::vector<config::Reported> reported();
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Whether the central intervals of one-pass marginals hold the truth as often as they say: for
/// each of some masks, the same for all rows, and each scalar cell it hides.
///
/// Results "" share of (mask, cell) pairs that are within tolerance at every level, "<percent>" the
///         mean coverage of that level, "worst" the largest distance; NaN where no mask hides a
///         cell.
/// Cost    one pass a mask over all rows.
class Coverage : public Eval {
 public:
  explicit Coverage(CoverageConfig config);

  /// Errors  limbic::Error (input) where the cortex sees no scalar.
  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  CoverageConfig config_;
};

}  // namespace limbic::evals
