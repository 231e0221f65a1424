#pragma once

#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "limbic/brain/thought.h"
#include "limbic/config/reader.h"

namespace limbic::brain {

/// YAML: `amygdala.code.orienting`.
struct OrientingConfig {
  double gain = 1.0;
  double rate = 0.2;
  double recovery = 0.002;

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("gain", self.gain, within(0.0, 100.0), "by how much a novel cue is more salient");
    field("rate", self.rate, within(0.0, 1.0), "how fast that wears off [1/trial with the cue]");
    field("recovery", self.recovery, within(0.0, 1.0),
          "how fast it comes back [1/trial without the cue]");
  }
};

/// YAML: `amygdala.code`.
struct OnsetCodeConfig {
  std::string cues = "cue";
  std::string contexts = "context";
  bool onsets = true;
  double trace = 0.97;
  double pairs = 0.8;
  double context = 0.3;
  double inferred = 0.18;
  std::optional<OrientingConfig> orienting = {};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("cues", self.cues, "modality of what comes and goes");
    field("contexts", self.contexts, "modality of what stays");
    field("onsets", self.onsets, "a feature for each tick since a cue's onset; false: one a cue");
    field("trace", self.trace, within(0.0, 1.0),
          "what is left of a cue's feature for each tick since its end [1/tick]");
    field("pairs", self.pairs, within(0.0, 10.0),
          "salience of features of two cues that are on together; 0: none");
    field("context", self.context, within(0.0, 10.0), "salience of contexts");
    field("inferred", self.inferred, within(0.0, 10.0),
          "salience of cues that the cortex infers and does not see; 0: what is not seen says "
          "nothing");
    field(
        "orienting", self.orienting,
        "a cue that was rarely met is sampled more, until it is familiar; all alike unless given");
  }
};

/// Few numbers that are not 0 among many that are, by rising index.
using Sparse = std::vector<std::pair<int64_t, double>>;

/// What a read-out is given at one tick: what it learns about, and what it reads.
struct Moment {
  Sparse seen;  // what is there
  Sparse read;  // and what the cortex infers from it
};

/// Features of the cues that a thought names: a line of clock cells for each.
///
///   cue c, n ticks after its onset         salience * trace^(ticks since its end)
///   cues c and d of different variables    pairs * product, from the onset of both together
///   context                                context * how much of it is seen
///
/// Orienting multiplies the salience of a seen cue by 1 + gain (1 - familiar), where familiar goes
/// from 0 towards 1 in trials with the cue and back in trials without. An inferred cue has the
/// salience that the cortex believes of it, times `inferred`, at ticks where any cue is seen, and
/// fades after them; nothing is learned about it. Pairs are of seen cues alone. A context of
/// salience 0 says and learns nothing, but is there: inhibition may be bound to it.
///
/// Shapes  N lines (cues, then pairs) of L cells, then the contexts; L: ticks of an episode, one
///         cell without onsets.
/// State   none: how familiar each cue is, the caller keeps.
/// Errors  limbic::Error (input) if the thought names no cue.
/// Source  Sokolov 1963, doi:10.1146/annurev.ph.25.030163.002553 (orienting and its habituation).
/// Departs the clock does not blur with time.
class OnsetCode {
 public:
  OnsetCode(const OnsetCodeConfig& config, const ThoughtMap& thought, int64_t num_ticks);

  /// Features of cues come before those of contexts.
  [[nodiscard]] int64_t num_cue_features() const { return num_lines() * length_; }
  [[nodiscard]] int64_t num_contexts() const { return static_cast<int64_t>(contexts_.size()); }
  [[nodiscard]] int64_t num_cues() const { return static_cast<int64_t>(cues_.size()); }
  [[nodiscard]] bool orients() const { return config_.orienting.has_value(); }
  [[nodiscard]] int64_t size() const { return num_cue_features() + num_contexts(); }

  /// One episode's moments; thought: [num_ticks, D], row by row. familiar_C: of each cue, or null.
  [[nodiscard]] std::vector<Moment> encode(const double* thought_TD, int64_t num_ticks,
                                           const double* familiar_C = nullptr) const;
  /// What a trial does to how familiar each cue is.
  void habituate(const double* thought_TD, int64_t num_ticks, double* familiar_C) const;
  /// The share of it that is left after so many trials without any cue; where it orients.
  [[nodiscard]] double familiarity_left(double num_trials) const {
    return std::pow(1 - config_.orienting->recovery, num_trials);
  }

 private:
  struct Cue {
    int64_t variable;
    int64_t belief, sight;  // features of the thought
  };
  struct Line {  // how a cue or pair stands at a tick
    int64_t onset = -1, last = -1;
    double salience = 0;
  };

  [[nodiscard]] int64_t num_lines() const {
    return static_cast<int64_t>(cues_.size() + pairs_.size());
  }
  [[nodiscard]] int64_t cell(int64_t line, const Line& state, int64_t tick) const;
  [[nodiscard]] double strength(const Line& state, int64_t tick) const;
  void follow(Line& state, double salience, int64_t tick) const;

  OnsetCodeConfig config_;
  int64_t length_, width_;
  std::vector<Cue> cues_;
  std::vector<std::pair<int64_t, int64_t>> pairs_;
  std::vector<int64_t> contexts_;  // features of the thought
};

}  // namespace limbic::brain
