#pragma once

#include <optional>
#include <vector>

#include "limbic/losses/loss.h"
#include "limbic/losses/mask_law.h"

namespace limbic::losses {

/// YAML: a loss with `type: assess`.
struct AssessConfig {
  std::vector<config::Located> of;
  std::vector<MaskLawConfig> masks;

  static void fields(auto& self, auto&& field) {
    field("of", self.of, "globs of steering variables whose assessors learn; empty: all");
    field("masks", self.masks, "laws by which the thought observes; none: all that the episode shows the cortex");
  }
};

/// Teach each assessor what its steering variable is about to say.
///
///   loss_i = mean over rows and ticks of gate_i(t) * error(p_i(t - lead_i), realised_i(t))
///   error: cross-entropy of a binary variable, Gaussian negative log-likelihood (mean and variance) of any other
///
/// Where the steering subsystem defers, realised is the assessor's own prediction, and nothing learns through the target.
class Assess : public Loss {
 public:
  /// Errors  ConfigError at the place of a glob that matches no steering variable.
  Assess(const AssessConfig& config, const worlds::Schema& schema, const brain::Program& program);

  [[nodiscard]] bool reads_signals() const override { return !masks_; }
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes, const brain::Signals& signals,
                        const Stream& stream) const override;
  [[nodiscard]] std::optional<Activity> activity(const brain::Brain& brain, const brain::Signals& signals) const override;

 private:
  worlds::Schema schema_;
  std::vector<bool> taught_N_;
  std::optional<MaskLaw> masks_;
};

}  // namespace limbic::losses
