#pragma once

#include <optional>
#include <vector>

#include "limbic/evals/columns.h"
#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"
#include "limbic/worlds/tick.h"

namespace limbic::evals {

/// YAML: `type: auroc`.
struct AurocConfig {
  HeldOut held_out;
  config::Located of;
  config::Located against;
  worlds::Tick of_tick;
  worlds::Tick against_tick;
  Observed observed;
  std::optional<config::Located> by;
  std::optional<int64_t> precision_at;

  static void fields(auto& self, auto&& field) {
    HeldOut::fields(self.held_out, field);
    field("of", self.of, config::required, "expression that scores a row: assess.flinch, looming");
    field("against", self.against, config::required,
          "label or expression; above one half a row is positive");
    field("of_tick", self.of_tick, "when the score is read");
    field("against_tick", self.against_tick, "when the label is read");
    Observed::fields(self.observed, field);
    field("by", self.by, "label that groups positives: also reports the worst group");
    field("precision_at", self.precision_at, config::within<int64_t>(1, 100'000'000),
          "also reports the share of positives among so many highest scores");
  }
  static std::vector<config::Reported> reported();
};

/// How well an expression tells rows apart: "auroc", and where asked for "worst" and "precision".
///
/// Rows in which score or label is no number, or not known for what is ABSENT (compile_figure),
/// are left out. "worst" is the lowest AUROC of one group's positives against all negatives. NaN
/// where positives or negatives are missing, of "precision" where rows are.
class Auroc : public Eval {
 public:
  explicit Auroc(AurocConfig config);

  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  [[nodiscard]] at::Tensor read_rows(brain::Brain& brain, const EpisodeSource& source) const;

  AurocConfig config_;
};

}  // namespace limbic::evals
