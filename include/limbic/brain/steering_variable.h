#pragma once

#include <cstdint>
#include <string>

namespace limbic::brain {

/// What a reflex is about, as the amygdala and the losses need to know it.
struct SteeringVariable {
  std::string name = {};
  bool binary = false;    // its truth is a claim, so its assessor predicts a probability
  int64_t lead = 0;       // the prediction at t - lead learns the realised output at t [ticks]
  double discount = 0.0;  // gamma of a value variable, which sums; 0: it switches
  double lambda = 0.0;    // of a value variable: see VariableConfig
  double defer = 1.0;     // of one that switches: factor on the prediction that stands

  /// Whether there is anything to learn where its own prediction stands.
  [[nodiscard]] bool learns_from_itself() const { return lead > 0 || discount > 0; }
};

}  // namespace limbic::brain
