#pragma once

#include "limbic/brain/cortex/cortex.h"
#include "limbic/worlds/schema.h"

namespace limbic::brain {

/// YAML: `cortex` with `type: identity`.
struct IdentityConfig {
  static void fields(auto& /*self*/, auto&& /*field*/) {}
};

/// No cortex at all: the thought is the raw observed values, so that a read-out of it shows what
/// needs no cortex to be learned.
///
/// Shapes  thought: standardised scalars and vectors and one-hot categories of all cells up to each
///         tick, 0 where not observed.
/// Errors  limbic::Error (input) when asked to predict: it can't.
class Identity : public Cortex {
 public:
  Identity(const IdentityConfig& config, const worlds::Schema& schema);

  using Cortex::log_prob, Cortex::marginals, Cortex::think;
  at::Tensor log_prob(const worlds::Episodes& episodes, const Question& question) override;
  Marginals marginals(const worlds::Episodes& episodes, const Question& question) override;
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const SamplingOptions& options, const Stream& stream) override;
  at::Tensor think(const worlds::Episodes& episodes, const Question& question) override;
  [[nodiscard]] int64_t thought_size() const override { return thought_size_; }
  void require_predictions() const override;

 private:
  worlds::Schema schema_;
  int64_t thought_size_ = 0;
};

}  // namespace limbic::brain
