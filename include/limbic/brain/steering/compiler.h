#pragma once

#include <string>
#include <vector>

#include "limbic/brain/steering/names.h"
#include "limbic/brain/steering_variable.h"

namespace limbic::brain::steering {

/// What one steering variable yields; numbers without NaN, but for the override, a claim.
struct Reflex {
  SteeringVariable variable;
  Value truth, override, gate, realised;
};

/// A whole program as operations, and all that a probe may still name.
struct Compilation {
  Names names;
  Code code;
  Outputs outputs;
  std::vector<Reflex> reflexes;
  std::vector<std::string> drive_names;
  std::vector<Value> drives;
};

/// Errors  ConfigError with every mistake of the program.
Compilation compile(const SteeringConfig& config, const worlds::Schema& schema);

}  // namespace limbic::brain::steering
