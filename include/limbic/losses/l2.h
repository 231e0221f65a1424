#pragma once

#include <string>

#include "limbic/config/structs.h"
#include "limbic/losses/loss.h"

namespace limbic::losses {

/// YAML: `type: l2`.
struct L2Config {
  config::Located of;

  static void fields(auto& self, auto&& field) {
    field("of", self.of, config::required, "glob of the parameters that shrink: cortex.*");
  }
};

/// Half the sum of squares of some parameters, so that weight 1 is a decay of 1 per unit of rate.
///
/// Errors  check(): ConfigError if no parameter of the brain fits the glob.
class L2Loss : public Loss {
 public:
  explicit L2Loss(L2Config config);

  [[nodiscard]] bool reads_signals() const override { return false; }
  at::Tensor operator()(brain::Brain& brain, const worlds::Episodes& episodes,
                        const brain::Signals& signals, const Lesson& lesson) const override;

 private:
  void check_needs(const brain::Brain& brain) const override;
  [[nodiscard]] std::vector<at::Tensor> parameters(const brain::Brain& brain) const;

  L2Config config_;
};

}  // namespace limbic::losses
