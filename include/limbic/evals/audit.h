#pragma once

#include <cstdint>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: audit`.
struct AuditConfig {
  std::vector<config::Located> regimes;
  worlds::Split split = worlds::Split::kTrain;
  int64_t rows = 2000;

  static void fields(auto& self, auto&& field) {
    field("regimes", self.regimes, "kinds of episodes; none: all");
    field("split", self.split, "whose episodes");
    field("rows", self.rows, config::within<int64_t>(1, 100'000'000),
          "number of episodes of each regime");
  }
  static std::vector<config::Reported> reported();
};

/// Counts what must never happen in a world's episodes, by the names that the world gives.
class Audit : public Eval {
 public:
  explicit Audit(AuditConfig config);

  /// Errors  limbic::Error (input) where the world counts nothing.
  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  AuditConfig config_;
};

}  // namespace limbic::evals
