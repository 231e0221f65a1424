#pragma once

#include <string>
#include <vector>

#include "limbic/evals/eval.h"
#include "limbic/evals/held_out.h"

namespace limbic::evals {

/// YAML: `type: planning`.
struct PlanningConfig {
  HeldOut held_out;

  static void fields(auto& self, auto&& field) { HeldOut::fields(self.held_out, field); }
  static std::vector<config::Reported> reported();
};

/// How often acting as the cortex imagines a success leads to one, in door_key. From the start of
/// each held-out episode it plays by the world's rules:
///
///   move_t ~ p(action_t | states up to t, moves before t, return_to_go_t = steps to the goal)
///
/// the return of who ends on the goal. No weight was trained for this question alone.
/// Results "" the share of episodes that end on the goal; "behaviour" the demonstrators' own;
///         "possible" of these very starts, the share from which it can be reached at all.
class Planning : public Eval {
 public:
  explicit Planning(PlanningConfig config);

  /// Errors  limbic::Error (input) in a world whose rules are not known.
  void check(const brain::Brain& brain, const worlds::World& world) const override;
  [[nodiscard]] std::vector<std::string> keys(const worlds::World& world) const override;
  Results run(brain::Brain& brain, const EpisodeSource& source) const override;

 private:
  PlanningConfig config_;
};

}  // namespace limbic::evals
