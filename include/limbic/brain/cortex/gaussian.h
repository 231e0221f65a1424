#pragma once

#include <array>
#include <utility>
#include <vector>

#include "limbic/brain/cortex/cortex.h"
#include "limbic/brain/own_rule.h"
#include "limbic/config/fields.h"
#include "limbic/worlds/schema.h"
#include "limbic/worlds/site.h"

namespace limbic::brain {

/// Whether a Gaussian is of all ticks of an episode, or of one tick, the same for each.
enum class TicksTaken { kTogether, kAlone };

constexpr auto enum_names(TicksTaken) {
  return std::array{std::pair{"together", TicksTaken::kTogether},
                    std::pair{"alone", TicksTaken::kAlone}};
}

/// YAML: `cortex` with `type: gaussian`.
struct GaussianConfig {
  double ridge = 1e-4;
  double memory = 1.0;
  TicksTaken ticks = TicksTaken::kTogether;
  bool silence = false;

  static void fields(auto& self, auto&& field) {
    field("ridge", self.ridge, config::within(1e-9, 1.0),
          "added to every variance, in standardised units; also the trials' prior");
    field("memory", self.memory, config::within(0.0, 1.0),
          "what is left of all that was learned, an episode later (those of a chunk count alike); "
          "1: all, for ever");
    field("ticks", self.ticks, "one Gaussian over all ticks of an episode, or over those of one");
    field("silence", self.silence,
          "thinking, take a standardised value of 0 as not looked at, instead of as seen");
  }
};

/// One Gaussian over all cells, conditioned in closed form: exact on linear-Gaussian worlds, and
/// the baseline that every other cortex must beat.
///
///   mean, covariance from running sums;   p(asked | observed) by Cholesky of the observed block
///
/// Shapes  S subjects; F features: a scalar is 1, a vector its dimensions, a category one-hot (its
///         probabilities are the clipped expected one-hot). The thought: all F expected values and,
///         where ticks are alone, after them the F values that are seen (0 where not).
/// State   sums over present cells and pairs of present cells, buffers in float64; learned by its
///         own rule, no parameters.
/// Departs missing cells are left out pair by pair, so the covariance is an estimate; where pairs
///         contradict each other, its negative eigenvalues count as 0. A variable's bounds count
///         for nothing: mass and draws may lie outside.
class Gaussian : public Cortex, public OwnRule {
 public:
  Gaussian(const GaussianConfig& config, const worlds::Schema& schema);

  using Cortex::log_prob, Cortex::marginals, Cortex::think;
  at::Tensor log_prob(const worlds::Episodes& episodes, const Question& question) override;
  Marginals marginals(const worlds::Episodes& episodes, const Question& question) override;
  worlds::Episodes sample(const worlds::Episodes& episodes, const worlds::Roles& roles,
                          const SamplingOptions& options, const Stream& stream) override;
  at::Tensor think(const worlds::Episodes& episodes, const Question& question) override;
  [[nodiscard]] int64_t thought_size() const override {
    return is_alone() ? 2 * num_features_ : num_features_;
  }
  [[nodiscard]] ThoughtMap thought_map() const override;

  [[nodiscard]] Statistics observe(const worlds::Episodes& episodes,
                                   const Signals& signals) const override;
  void learn(const std::vector<Statistics>& chunks) override;
  void divide(const std::vector<Stream>& subjects) override;

 private:
  struct Feature {  // features of one cell at one tick
    worlds::Site site;
    int64_t begin, size;
  };
  struct Table {  // all episodes as one matrix
    at::Tensor value_BF, present_BF;
  };
  struct Belief {  // of one subject; with an S before, of all
    at::Tensor mean_F, covariance_FF;
  };
  struct Posteriors {  // of all rows: means, and per feature its own covariance [B, size, size]
                       // (none of categories)
    at::Tensor mean_BF;
    std::vector<at::Tensor> block;
  };

  [[nodiscard]] bool is_alone() const { return config_.ticks == TicksTaken::kAlone; }
  [[nodiscard]] int64_t num_subjects() const { return sum_SFF_.size(0); }
  /// Where ticks are alone, each as an episode of its own: row b's tick t is row b T + t.
  [[nodiscard]] worlds::Episodes apart(const worlds::Episodes& episodes) const;
  [[nodiscard]] at::Tensor apart(const at::Tensor& x_BTV) const;
  /// The rows of apart() as episodes of all ticks again, of the shapes of `like`.
  [[nodiscard]] worlds::Episodes together(const worlds::Episodes& rows,
                                          const worlds::Episodes& like) const;
  /// At which step of sampling each feature's cell is drawn, -1 where never: [B, features].
  [[nodiscard]] at::Tensor turns(const at::Tensor& hidden_BTV, const at::Tensor& rank_BTV) const;
  [[nodiscard]] int64_t subject_of(int64_t row) const;
  [[nodiscard]] Belief prior_of(const Belief& all, int64_t row) const;
  [[nodiscard]] Table tabulate(const worlds::Episodes& episodes, const at::Tensor& cells_BTV) const;
  [[nodiscard]] Belief belief() const;
  /// Expected values of all features, given those observed, as all subjects believe.
  [[nodiscard]] at::Tensor expected(const Belief& all, const at::Tensor& value_BF,
                                    const at::Tensor& observed_BF) const;
  [[nodiscard]] Belief condition(const Belief& prior, const at::Tensor& value_F,
                                 const at::Tensor& observed_F) const;
  [[nodiscard]] Posteriors posteriors(const worlds::Episodes& episodes,
                                      const at::Tensor& observed_BTV) const;
  [[nodiscard]] Distribution marginal(int64_t variable, const Posteriors& posteriors) const;
  [[nodiscard]] double cell_log_prob(const Belief& posterior, const Feature& feature,
                                     const at::Tensor& value_F) const;

  GaussianConfig config_;
  worlds::Schema schema_;  // of one tick where these are alone
  int64_t num_ticks_;      // of the world's episodes
  std::vector<Feature> features_;
  int64_t num_features_ = 0;
  at::Tensor sum_SFF_, product_SFF_,
      count_SFF_;  // over rows where both are present: of the first, of both, of rows
};

}  // namespace limbic::brain
