#pragma once

#include <cstdint>
#include <vector>

#include "limbic/brain/amygdala/onset_code.h"
#include "limbic/config/reader.h"

namespace limbic::brain {

/// YAML: `amygdala.inhibition` with `type: kalman`.
struct InhibitionConfig {
  double rate = 0.18;
  double loss = 0.7;
  double general = 0.5;
  bool by_context = true;
  bool by_recency = true;
  double recency = 0.96;
  double fade = 0.994;
  double consolidate = 0.006;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("rate", self.rate, within(0.0, 10.0),
          "how fast a prediction that was too high is inhibited, at the least noise");
    field("loss", self.loss, within(0.0, 10.0),
          "factor on that rate where the prediction was too low and inhibition goes");
    field("general", self.general, within(0.0, 1.0),
          "share of inhibition that holds everywhere; the rest belongs to a context");
    field("by_context", self.by_context, "false: all inhibition is general");
    field("by_recency", self.by_recency,
          "in a context, keep apart what was learned soon after something happened and later");
    field("recency", self.recency, within(0.0, 1.0),
          "what is left, a trial later, of how recently something happened [1/trial]");
    field("fade", self.fade, within(0.0, 1.0), "what is left of fast weights [1/trial]");
    field("consolidate", self.consolidate, within(0.0, 1.0),
          "share of fast weights that becomes slow [1/trial]");
  }
};

/// Extinction as weights of its own: it inhibits what was learned, and does not erase it
/// (infralimbic cortex and intercalated cells).
///
///   inhibition of x = sum over gates g of g (fast + slow)[g] . x of cues
///   gates: everywhere sqrt(general); in each of n present contexts sqrt((1 - general) / n), of it
///   (1 - u) to trials long after something happened and u to those soon after
///   fast -= w * rate * noise / R * (loss if d > 0) * d * g x; what it lacks comes off slow; both
///   >= 0; w, what an example counts, goes above 1 only as far as it takes away the whole error
///   once a trial: consolidate * fast becomes slow, fast *= fade, u = 1 or u *= recency
///
/// Shapes  G gates = 1 + 2 contexts, C features of cues; fast, slow [G, C], u [1], of the caller.
/// State   what it points at.
/// Source  Bouton 2004, doi:10.1101/lm.78804 (extinction is context-bound new learning).
class Inhibition {
 public:
  struct Arrays {
    double *fast_GC, *slow_GC, *recent;
    int64_t num_cue_features, num_contexts;
  };

  Inhibition(const InhibitionConfig& config, const Arrays& arrays);

  static int64_t num_gates(int64_t num_contexts) { return 1 + 2 * num_contexts; }

  /// How open each gate is at this tick.
  [[nodiscard]] std::vector<double> gates(const Moment& moment) const;
  [[nodiscard]] double of(const Sparse& x, const std::vector<double>& gates) const;
  /// One example, which counts `weight` times.
  struct Example {
    const Sparse& x;
    const std::vector<double>& gates;
    double error, weight;
    double relative_noise;  // R over its least
  };
  void learn(const Example& example);
  void end_trial(bool something_happened);
  void rest(double num_trials);

 private:
  /// How often an example may count: until its error is gone, and once in any case.
  [[nodiscard]] double most(const Sparse& x, const std::vector<double>& gates, double rate) const;

  const InhibitionConfig& config_;
  Arrays at_;
};

}  // namespace limbic::brain
