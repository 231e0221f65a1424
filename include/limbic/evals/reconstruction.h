#pragma once

#include <optional>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: reconstruction`.
struct ReconstructionConfig {
  HeldOut held_out;
  std::vector<config::Located> of;
  std::optional<std::vector<config::Located>> given;

  static void fields(auto& self, auto&& field) {
    HeldOut::fields(self.held_out, field);
    field("of", self.of, config::required, "globs of scalars and vectors to be guessed");
    field("given", self.given,
          "globs of variables or modalities that are observed; default: all others");
  }
  static std::vector<config::Reported> reported();
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Mean squared error of the expected value of hidden scalars and vectors given other variables, as
/// the cortex computes with them: of f(x), f the variable's transform.
///
/// Results "" the error; "ratio" the same as a share of what always guessing the mean of these rows
///         (of each tick, cell and dimension) would make; NaN where nothing was asked.
/// Units   (f(x) - center) / scale of each variable, squared.
class Reconstruction : public Eval {
 public:
  explicit Reconstruction(ReconstructionConfig config);

  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  ReconstructionConfig config_;
};

}  // namespace limbic::evals
