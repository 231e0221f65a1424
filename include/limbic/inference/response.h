#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "limbic/config/reader.h"

namespace limbic::inference {

/// What an experimenter would measure, named as they name it.
enum class ResponseRule { kApproach, kRatio, kSuppressionRatio };

constexpr auto enum_names(ResponseRule) {
  return std::array{std::pair{"approach", ResponseRule::kApproach},
                    std::pair{"ratio", ResponseRule::kRatio},
                    std::pair{"suppression_ratio", ResponseRule::kSuppressionRatio}};
}

/// YAML: `response`: how a prediction V becomes behaviour.
///
///   approach           1 / (1 + exp(-(V - threshold) / temperature))    probability of a response
///   ratio              (baseline + V) / (2 baseline + V)                responding, over itself
///   and
///                      the baseline: .5 if V is 0, towards 1 (elevation ratio); V below 0 counts
///                      as 0
///   suppression_ratio  d / (d + baseline), d = baseline max(0, 1 - V)   what is left of other
///                      behaviour: .5 if V is 0, 0 where it stops
struct ResponseConfig {
  std::string of = {};
  ResponseRule rule = ResponseRule::kApproach;
  double threshold = 0.5;
  double temperature = 0.1;
  double baseline = 0.2;
  std::optional<int64_t> tick = {};

  static void fields(auto& self, auto&& field) {
    using config::within;
    field("of", self.of, "the assessor whose prediction it is; default: the first");
    field("rule", self.rule, "how a prediction becomes behaviour");
    field("threshold", self.threshold, "approach: prediction at which it is as likely as not");
    field("temperature", self.temperature, within(1e-6, 1e6), "approach: how gradual that is");
    field("baseline", self.baseline, within(1e-6, 1e6),
          "ratio: rate without any prediction; a suppression ratio does not depend on it");
    field("tick", self.tick, within<int64_t>(0, 4095),
          "when a subject acts, for events that wait for it; default: the tick before a trial's "
          "first of them");
  }
};

double respond(const ResponseConfig& config, double prediction);

}  // namespace limbic::inference
