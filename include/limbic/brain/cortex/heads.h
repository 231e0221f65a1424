#pragma once

#include <torch/nn/module.h>

#include <cstdint>
#include <optional>
#include <vector>

#include "limbic/brain/cortex/base/base_density.h"
#include "limbic/brain/cortex/direct_path.h"
#include "limbic/brain/cortex/distribution.h"
#include "limbic/brain/cortex/fused_heads.h"
#include "limbic/brain/cortex/layout.h"
#include "limbic/brain/cortex/mixture.h"
#include "limbic/brain/cortex/transformer_config.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/schema.h"

namespace limbic::brain {

/// One linear read-out per variable, from a query's state to the parameters of a distribution by
/// kind. Over a base density these are one part of a mixture, and it is the other (over_base).
///
/// With `direct.reads` a scalar's read-out also weighs the raw numbers its query sees, and these
/// sums shift the means of its Gaussians (over a base: in units of what the base leaves open): what
/// depends linearly on what is seen comes out exactly.
///
/// Shapes  n queries about one variable -> params [n, P].
class HeadsImpl : public torch::nn::Module {
 public:
  static constexpr double kFirstGate = 5;  // log of how much more a base weighs before learning

  /// `base` may be empty.
  HeadsImpl(const TransformerConfig& config, const worlds::Schema& schema, const BaseDensity& base,
            const Stream& stream);

  at::Tensor params(int64_t variable, const QueryState& query);
  /// log p of raw values ([n] or [n, size]), in nats of raw units: [n].
  [[nodiscard]] at::Tensor log_prob(int64_t variable, const at::Tensor& params,
                                    const at::Tensor& values) const;
  /// Queries among all of `states` and the raw values that answer them, for a function by hand;
  /// no value where none does this variable's.
  [[nodiscard]] std::optional<HeadQueries> fused(int64_t variable, const Layout::Asked& asked,
                                                 const at::Tensor& values,
                                                 const QueryState& states) const;
  [[nodiscard]] Distribution distribution(int64_t variable, const at::Tensor& params) const;

 private:
  /// What a variable's read-out emits, but for a scalar's reads.
  [[nodiscard]] int64_t num_own_outputs(int64_t variable) const;
  void init_bias(at::Tensor& bias, int64_t variable, const Stream& stream) const;
  /// Minus the log of a standard unit's volume.
  [[nodiscard]] double log_density_of_unit(int64_t variable) const;
  /// outputs [n, own + reads * N] -> [n, own].
  [[nodiscard]] at::Tensor shift_means(const at::Tensor& outputs, const at::Tensor& numbers) const;

  worlds::Schema schema_;
  BaseDensity base_;  // not a module of its own here
  int64_t num_reads_ = 0;
  int64_t own_mixture_;            // of a scalar, beside the base's components
  std::vector<MixtureSpec> spec_;  // per variable; a category's is unused
  std::vector<at::Tensor> weight_, bias_;
};
TORCH_MODULE(Heads);

/// One draw from each distribution, in the shape of the variable's values.
at::Tensor sample(const Distribution& distribution, const worlds::Variable& variable,
                  double temperature, const Stream& stream);

}  // namespace limbic::brain
