#pragma once

#include <torch/nn/module.h>

#include <vector>

#include "limbic/brain/cortex/base/base_config.h"
#include "limbic/brain/cortex/base/base_posterior.h"
#include "limbic/brain/cortex/base/joint_mixture.h"
#include "limbic/core/stream.h"
#include "limbic/worlds/episodes.h"

namespace limbic::brain {

/// A mixture of Gaussians over a row's scalars, asked for each of them given any others. What few
/// rows say about how columns go together it knows before a network has learned to look. Its
/// components are fitted to the same rows that gates and heads then learn from: only the weights of
/// the candidates that they come from are by rows held out.
///
/// Shapes  B rows, Q queries a row, S sites, D scalars, K components, N options of all choices.
/// State   the fitted mixture, in buffers of float64 that a checkpoint holds; a standard normal
///         until then. Unused components weigh e^-1e30. No parameters.
/// Errors  input: no scalar, or more than kMaxScalars.
/// Cost    B K D^3 / 6 multiplications a pass; 8 B K D^2 bytes for a kept factor, or for any
///         where it is not by hand. By hand K counts only components that are used.
/// Departs vectors are not in it, neither asked nor seen; a category that a query sees itself (an
///         echo) only makes components likelier.
class BaseDensityImpl : public torch::nn::Module {
 public:
  static constexpr int64_t kMaxScalars = 128;

  /// A row's scalars in the order in which its queries come to see them, factored: made once for a
  /// layout, it serves every query in it, however few at once.
  struct Factor {
    at::Tensor order_BD, place_BD;  // which scalar is where; where each scalar is
    at::Tensor upper_BKDD;          // see gaussian_chain.h
    at::Tensor sees_BQS;
  };

  /// `fused`: on the CPU; otherwise by ATen's operations, as on any device.
  BaseDensityImpl(const BaseConfig& config, const worlds::Schema& schema, bool fused);

  void initialise_from(const worlds::Episodes& rows, const Stream& stream);
  /// Of all queries at once, which are about `site` [B * Q]. Of the same row each query sees what
  /// the ones before it see, or more, in some order.
  [[nodiscard]] BasePosterior posterior(const at::Tensor& sees_BQS,
                                        const worlds::Episodes& episodes,
                                        const at::Tensor& site) const;
  [[nodiscard]] Factor factor(const at::Tensor& sees_BQS) const;
  /// Of the queries [first, first + count) of each row, which are about `site` [B * count].
  [[nodiscard]] BasePosterior posterior(const Factor& factor, const worlds::Episodes& episodes,
                                        const at::Tensor& site, int64_t first, int64_t count) const;
  /// log p of the options of a category, which the queries are about: [n, size].
  [[nodiscard]] at::Tensor log_choice(int64_t variable, const BasePosterior& posterior) const;

 private:
  struct Choice {  // a site of a category
    int64_t variable, site, first_option;
    int64_t index, cell;  // which of the variable's sites it is; in [T * V]
  };
  /// Of the components that are used, which stand first; on the CPU.
  [[nodiscard]] at::Tensor used_covariance() const;
  /// Not factored yet.
  [[nodiscard]] Factor in_order(const at::Tensor& sees_BQS) const;
  [[nodiscard]] at::Tensor scalars(const worlds::Episodes& episodes) const;
  [[nodiscard]] JointRows table_of(const worlds::Episodes& rows) const;
  /// log p of the choices that each query sees: [B, Q, K].
  [[nodiscard]] at::Tensor log_prob_of_choices(const at::Tensor& sees_BQS,
                                               const worlds::Episodes& episodes) const;

  [[nodiscard]] bool is_fused() const { return is_fused_ && mean_KD_.is_cpu(); }

  worlds::Schema schema_;
  bool is_fused_;
  int64_t num_options_ = 0;
  std::vector<Choice> choices_;
  std::vector<int64_t> site_of_scalar_, cell_of_scalar_;            // the second in [T * V]
  at::Tensor scalar_site_D_, scalar_of_site_S_, option_of_site_S_;  // of other sites 0
  at::Tensor log_weight_K_, mean_KD_, covariance_KDD_, log_choice_KN_;
};
TORCH_MODULE(BaseDensity);

}  // namespace limbic::brain
