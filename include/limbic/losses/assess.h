#pragma once

#include <optional>
#include <vector>

#include "limbic/losses/loss.h"
#include "limbic/losses/mask_law.h"

namespace limbic::losses {

/// YAML: a loss with `type: assess`.
struct AssessConfig {
  std::vector<config::Located> of = {};
  std::vector<MaskLawConfig> masks = {};

  static void fields(auto& self, auto&& field) {
    field("of", self.of, "globs of steering variables whose assessors learn; empty: all");
    field("masks", self.masks,
          "laws by which the thought observes, and of which nothing is asked; none: all that the "
          "episode shows the cortex");
  }
  void check(config::Reader& reader, const config::Node& node) const;
};

/// Teach each assessor what its steering variable is about to say.
///
///   loss_i = mean over rows and ticks of gate_i(t) * error(p_i(t - lead_i), realised_i(t))
///   error: cross-entropy of a binary variable, Gaussian negative log-likelihood (mean and
///   variance) of any other
///
/// With masks, predictions and what is realised are those of the loss's own thought, and gates
/// those of the step's, which sees all.
///
/// Where the steering subsystem defers, realised is the assessor's own prediction: nothing learns
/// through the target, the variance learns nothing, and without a lead there is nothing to learn at
/// all, so the gate counts as shut.
///
/// Shapes  B rows, T ticks, N steering variables, n of them that are alike in lead and kind.
class Assess : public Loss {
 public:
  /// Errors  ConfigError at the place of a glob that matches no steering variable.
  Assess(const AssessConfig& config, const worlds::Schema& schema, const brain::Program& program);

  [[nodiscard]] Lesson prepare(const brain::Brain& brain, const worlds::Episodes& episodes,
                               const Stream& stream) const override;
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;
  [[nodiscard]] bool teaches_assessors() const override { return true; }
  [[nodiscard]] GateSums gate_sums(const brain::Brain& brain, const worlds::Episodes& episodes,
                                   const brain::Signals& signals,
                                   const Lesson& lesson) const override;
  [[nodiscard]] int64_t taught_ticks(int64_t num_ticks) const override;

 private:
  /// Taught variables that are alike, so that one pass serves them all.
  struct Group {
    int64_t lead;
    bool binary;
    bool learns_from_itself;  // else where its own prediction stands the gate counts as shut
    at::Tensor variables_n;   // indices, int64 on the CPU
  };
  struct Taught {
    const Group& group;
    const at::Tensor& variables_n;  // where the signals are
  };
  /// Of a thought that observes what the loss says, or else of the step's.
  [[nodiscard]] int64_t taught_ticks_of_thought(int64_t num_ticks) const;
  void make_groups(const std::vector<brain::SteeringVariable>& variables,
                   const std::vector<bool>& taught_N);
  [[nodiscard]] std::vector<Taught> taught_by(const Lesson& lesson) const;
  static at::Tensor late(const at::Tensor& x_BTN, const Taught& taught);
  static at::Tensor early(const at::Tensor& x_BTN, const Taught& taught);
  static at::Tensor columns(const at::Tensor& x_BtN, const Taught& taught);
  static at::Tensor error(const brain::Signals& signals, const Taught& taught);
  static at::Tensor gates(const brain::Signals& signals, const Taught& taught);

  std::vector<Group> groups_;
  std::optional<MaskLaw> masks_;
};

}  // namespace limbic::losses
