#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "limbic/brain/amygdala/bayes_linear.h"
#include "limbic/brain/amygdala/inhibition.h"
#include "limbic/brain/amygdala/online_readout.h"

namespace limbic::brain {

/// YAML: `amygdala` with `type: kalman`. The defaults are those of
/// configs/brains/conditioning.yaml.
struct KalmanConfig {
  std::optional<OnsetCodeConfig> code = OnsetCodeConfig{};
  BayesLinearConfig learning = {};
  double initial = 0.01;
  bool nonnegative = true;
  std::optional<InhibitionConfig> inhibition = InhibitionConfig{};
  std::optional<ChainConfig> chain = {};

  static void fields(auto& self, auto&& field) {
    field("code", self.code,
          "clock cells of cues, for which thoughts must name cues (cortex gaussian, ticks: alone); "
          "there unless null: the thought as it is, and a constant");
    BayesLinearConfig::fields(self.learning, field);
    field("initial", self.initial, config::within(0.0, 1e3), "deviation of the first weights");
    field("nonnegative", self.nonnegative, "weights below 0 are set to 0");
    field("inhibition", self.inhibition,
          "what was predicted and did not come is inhibited by weights of their own, and lowers no "
          "weight of a cue; there unless null: weights fall as they rise");
    field("chain", self.chain, "slower weights behind each weight; none unless given");
  }
};

/// Assessors that know how sure they are: Bayesian-linear excitation, and inhibition beside it
/// (basolateral and central amygdala).
///
///   p = weight . x - inhibition of x
///
/// State   weight, surprise, alpha, met [S, N, X], covariance [S, N, X, X] (of a diagonal or fixed
///         one [S, N, X]), fast and slow [S, N, G, C], recent [S, N]: buffers in float64. See
///         BayesLinear and Inhibition.
class Kalman : public OnlineReadout {
 public:
  Kalman(const KalmanConfig& config, const ThoughtMap& thought, const Program& program,
         const Stream& stream);

 protected:
  void start(const std::vector<Stream>& subjects) override;
  [[nodiscard]] std::unique_ptr<Learner> learner(int64_t subject, int64_t assessor,
                                                 int64_t cell) const override;

 private:
  class Assessor;
  [[nodiscard]] BayesLinear::Arrays belief(int64_t subject, int64_t assessor) const;

  KalmanConfig config_;
  at::Tensor weight_SNX_, covariance_SNP_, surprise_SNX_, alpha_SNX_, met_SNX_;
  at::Tensor fast_SNGC_, slow_SNGC_, recent_SN_;
};

}  // namespace limbic::brain
