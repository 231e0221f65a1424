#pragma once

#include <string>
#include <vector>

#include "limbic/evals/columns.h"
#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"
#include "limbic/worlds/tick.h"

namespace limbic::evals {

/// YAML: `type: mean`.
struct MeanConfig {
  HeldOut held_out;
  config::Located of;
  worlds::Tick of_tick;
  Observed observed;

  static void fields(auto& self, auto&& field) {
    HeldOut::fields(self.held_out, field);
    field("of", self.of, config::required,
          "expression, a claim counting as 0 or 1: -0.2 * assess.flinch, or the name of a drive, "
          "or present(caption) and truth.flinch > 0");
    field("of_tick", self.of_tick, "when it is read");
    Observed::fields(self.observed, field);
  }
  static std::vector<config::Reported> reported();
};

/// The mean of an expression over held-out rows: of a claim, how often it holds, so that what must
/// never happen can be watched; of a drive, what it pays.
///
/// Rows in which it is no number, or not known for what is ABSENT (compile_figure), are left out.
/// Results "" (NaN where no row says), and "known", the share of rows that say.
class Mean : public Eval {
 public:
  explicit Mean(MeanConfig config);

  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  MeanConfig config_;
};

}  // namespace limbic::evals
