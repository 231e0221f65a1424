#pragma once

#include <optional>

#include "limbic/config/reader.h"

namespace limbic::brain {

/// YAML: one entry of `steering.variables`.
struct VariableConfig {
  std::optional<config::Located> override = {};
  config::Located truth;
  config::Ticks lead;
  config::Located gate{"1", {}};
  double discount = 0.0;
  double lambda = 0.0;
  double defer = 1.0;

  static void fields(auto& self, auto&& field) {
    field("override", self.override,
          "claim: where the truth stands; elsewhere the prediction does; default: where all that "
          "the truth reads is there, of a variable with a discount always");
    field("truth", self.truth, config::required, "what the steering subsystem says it is");
    field("lead", self.lead, "the prediction so much earlier learns what is said now");
    field("gate", self.gate, "factor on the assessor's learning rate, tick by tick");
    field("discount", self.discount, config::within(0.0, 1.0),
          "gamma of a value variable, which adds it times the prediction to the truth [1/lead]");
    field("lambda", self.lambda, config::within(0.0, 1.0),
          "of a value variable: how much of what it learns from is what was realised later, "
          "instead of its own prediction");
    field("defer", self.defer, config::within(0.0, 1.0),
          "factor on the prediction where it stands, of a variable without a discount");
  }
};

/// YAML: `steering`. All that is innate.
struct SteeringConfig {
  config::Map<config::Located> senses;
  config::Map<VariableConfig> variables;
  config::Map<config::Located> drives;

  static void fields(auto& self, auto&& field) {
    field("senses", self.senses, "name: fixed feature of primitive variables and other senses");
    field("variables", self.variables, "name: what a reflex is about; each has an assessor");
    field("drives", self.drives, "name: a part of the reward");
  }
};

}  // namespace limbic::brain
