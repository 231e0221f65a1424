#pragma once

#include <optional>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: accuracy`.
struct AccuracyConfig {
  HeldOut held_out;
  config::Located of;
  std::optional<std::vector<config::Located>> given;

  static void fields(auto& self, auto&& field) {
    HeldOut::fields(self.held_out, field);
    field("of", self.of, config::required, "the category variable to be guessed");
    field("given", self.given,
          "globs of variables or modalities that are observed; default: all others");
  }
  static std::vector<config::Reported> reported();
};

/// Share of a category's present cells that its likeliest value given other variables gets right.
class Accuracy : public Eval {
 public:
  explicit Accuracy(AccuracyConfig config);

  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  AccuracyConfig config_;
};

}  // namespace limbic::evals
