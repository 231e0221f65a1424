#pragma once

#include <vector>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/own_rule.h"
#include "limbic/config/fields.h"
#include "limbic/worlds/schema.h"

namespace limbic::brain {

/// YAML: `cortex` with `type: gaussian`.
struct GaussianConfig {
  double ridge = 1e-4;

  static void fields(auto& self, auto&& field) {
    field("ridge", self.ridge, config::within(1e-9, 1.0),
          "added to every variance, in standardised units; also the trials' prior");
  }
};

/// One Gaussian over all cells, conditioned in closed form: exact on linear-Gaussian worlds, and
/// the baseline that every other cortex must beat.
///
///   mean, covariance from running sums;   p(asked | observed) by Cholesky of the observed block
///
/// Shapes  F features: a scalar is 1, a vector its dimensions, a category one-hot (its
///         probabilities are the clipped expected one-hot).
/// State   sums over present cells and pairs of present cells, buffers in float64; learned by its
///         own rule, no parameters.
/// Departs missing cells are left out pair by pair, so the covariance is an estimate; where pairs
///         contradict each other, its negative eigenvalues count as 0.
class Gaussian : public Cortex, public OwnRule {
 public:
  Gaussian(const GaussianConfig& config, const worlds::Schema& schema);

  at::Tensor log_prob(const worlds::Episodes& episodes, const worlds::Roles& roles,
                      const at::Tensor& rank_BTV) override;
  Marginals marginals(const worlds::Episodes& episodes, const worlds::Roles& roles) override;
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const Dials& dials, const Stream& stream) override;
  at::Tensor think(const worlds::Episodes& episodes, const at::Tensor& observed_BTV) override;
  [[nodiscard]] int64_t thought_size() const override { return num_features_; }

  [[nodiscard]] Statistics observe(const worlds::Episodes& episodes) const override;
  void learn(const std::vector<Statistics>& chunks) override;

 private:
  struct Feature {  // features of one cell at one tick
    int64_t variable, tick, cell, begin, size;
  };
  struct Table {  // all episodes as one matrix
    at::Tensor value_BF, present_BF;
  };
  struct Belief {
    at::Tensor mean_F, covariance_FF;
  };
  struct Posteriors {  // of all rows: means, and per feature its own covariance [B, size, size]
                       // (none of categories)
    at::Tensor mean_BF;
    std::vector<at::Tensor> block;
  };

  [[nodiscard]] Table tabulate(const worlds::Episodes& episodes, const at::Tensor& cells_BTV) const;
  [[nodiscard]] Belief belief() const;
  [[nodiscard]] Belief condition(const Belief& prior, const at::Tensor& value_F,
                                 const at::Tensor& observed_F) const;
  [[nodiscard]] Posteriors posteriors(const worlds::Episodes& episodes,
                                      const at::Tensor& observed_BTV) const;
  [[nodiscard]] Distribution marginal(int64_t variable, const Posteriors& posteriors) const;
  [[nodiscard]] double cell_log_prob(const Belief& posterior, const Feature& feature,
                                     const at::Tensor& value_F) const;

  GaussianConfig config_;
  worlds::Schema schema_;
  std::vector<Feature> features_;
  int64_t num_features_ = 0;
  at::Tensor sum_FF_, product_FF_,
      count_FF_;  // over rows where both are present: of the first, of both, of rows
};

}  // namespace limbic::brain
