#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "limbic/brain/amygdala/onset_code.h"
#include "limbic/config/reader.h"

namespace limbic::brain {

/// What is kept of how uncertain each weight is.
enum class Covariance { kFull, kDiagonal, kNone };

constexpr auto enum_names(Covariance) {
  return std::array{std::pair{"full", Covariance::kFull},
                    std::pair{"diagonal", Covariance::kDiagonal},
                    std::pair{"none", Covariance::kNone}};
}

/// YAML: `associability` of a read-out that learns online.
struct AssociabilityConfig {
  double rate = 0.3;
  double initial = 1.0;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("rate", self.rate, within(0.0, 1.0), "weight of the newest surprise [1/tick]");
    field("initial", self.initial, within(0.0, 10.0), "alpha before the first trial");
  }
};

/// YAML: how a Bayesian-linear read-out learns; keys of `amygdala` with `type: kalman`.
struct BayesLinearConfig {
  double prior_variance = 1.0;
  double process_noise = 0.015;
  double observation_noise = 3.0;
  double noise_per_surprise = 12.0;
  double surprise_rate = 0.01;
  Covariance covariance = Covariance::kFull;
  std::optional<AssociabilityConfig> associability = {};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("prior_variance", self.prior_variance, within(1e-9, 1e6),
          "variance of each weight before the first trial");
    field("process_noise", self.process_noise, within(0.0, 1e6),
          "variance that each trial adds [1/trial]");
    field("observation_noise", self.observation_noise, within(1e-9, 1e6),
          "variance of what is learned, at the least");
    field("noise_per_surprise", self.noise_per_surprise, within(0.0, 1e6),
          "variance that each feature's mean squared error adds to it");
    field("surprise_rate", self.surprise_rate, within(0.0, 1.0),
          "weight of the newest squared error in that mean [1/tick]");
    field("covariance", self.covariance, "what is kept of the weights' uncertainty");
    field("associability", self.associability,
          "features that meet surprises learn faster (Pearce and Hall); all alike unless given");
  }
};

/// Bayesian-linear learning of one read-out, an example at a time, by a Kalman filter whose state
/// is the weights.
///
///   R = observation_noise + noise_per_surprise * mean over x^2 of v
///   v += surprise_rate (d^2 - v) min(x^2, 1)
///   k = P x / (x'P x + R / w);  P -= k (P x)';  weights move by alpha k d
///   alpha <- (1 - rate) alpha + rate |d|                    (of features that are there)
///   once a trial: P_ii += process_noise
///
/// w is what an example counts, 1 a whole one: its likelihood to the power of w. Both averages move
/// w times as far, all the way at most.
///
/// Shapes  F features; all arrays are of the caller: covariance [F, F], of a diagonal or fixed one
///         [F]; the others [F].
/// State   what it points at. Features never met have no covariance with others, so an update costs
///         what the met ones do.
/// Threads one call at a time on one object.
/// Source  Kalman 1960, doi:10.1115/1.3662552; Dayan and Kakade 2001, NIPS 13 (explaining away in
///         weight space); Pearce and Hall 1980, doi:10.1037/0033-295X.87.6.532.
class BayesLinear {
 public:
  struct Arrays {
    double *covariance, *surprise_F, *alpha_F, *met_F;
    int64_t size;
  };

  BayesLinear(const BayesLinearConfig& config, const Arrays& arrays);

  /// Makes a newborn of arrays that hold zeros.
  static void start(const BayesLinearConfig& config, const Arrays& arrays);

  /// x'P x.
  [[nodiscard]] double variance(const Sparse& x) const;
  struct Gain {
    double noise = 0;                                // R
    const std::vector<int64_t>* features = nullptr;  // that have a gain; valid until the next call
    const double* gain_F = nullptr;
  };
  /// Takes in that there was an example x whose error was d; weight: w > 0.
  Gain learn(const Sparse& x, double error, double weight);
  void end_trial();

 private:
  double noise_for(const Sparse& x, double error, double weight);
  [[nodiscard]] bool is_full() const { return config_.covariance == Covariance::kFull; }
  [[nodiscard]] double* row(int64_t feature) const { return at_.covariance + feature * at_.size; }
  // From one feature's variance to the next one's.
  static int64_t own_stride(const BayesLinearConfig& config, int64_t num_features) {
    return config.covariance == Covariance::kFull ? num_features + 1 : 1;
  }
  [[nodiscard]] double& own(int64_t feature) const {
    return at_.covariance[feature * own_stride(config_, at_.size)];
  }

  const BayesLinearConfig& config_;
  Arrays at_;
  std::vector<int64_t> met_;
  std::vector<double> product_, gain_;  // P x and k
};

}  // namespace limbic::brain
