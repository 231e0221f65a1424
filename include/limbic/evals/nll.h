#pragma once

#include <optional>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: nll`.
struct NllConfig {
  HeldOut held_out;
  std::vector<config::Located> of;
  std::optional<std::vector<config::Located>> given;
  bool joint = true;
  bool per_dimension = true;

  static void fields(auto& self, auto&& field) {
    HeldOut::fields(self.held_out, field);
    field("of", self.of, "globs of variables or modalities that are asked about; none: all");
    field("given", self.given,
          "globs of what is observed; default: in each row a random part of all cells, of a size "
          "drawn uniformly");
    field("joint", self.joint,
          "each cell given those asked before it in a random order, so that a row's sum is exact; "
          "false: each cell on its own");
    field("per_dimension", self.per_dimension, "divide the nats of a vector by its dimensions");
  }
  static std::vector<config::Reported> reported();
};

/// Mean negative log-likelihood of hidden cells given observed ones, the same per variable.
///
/// Results "" over all asked cells, "<variable>" over its own; NaN where none was asked.
/// Units   nats of raw units, means over cells; a vector's cell counts as one, with its nats a
///         dimension (`per_dimension`), whereas oracle_gap's weighs by its dimensions.
class Nll : public Eval {
 public:
  explicit Nll(NllConfig config);

  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  NllConfig config_;
};

}  // namespace limbic::evals
