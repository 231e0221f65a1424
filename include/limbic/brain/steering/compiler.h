#pragma once

#include <string>
#include <vector>

#include "limbic/brain/steering/names.h"

namespace limbic::brain::steering {

/// What one steering variable yields; numbers without NaN, but for the override, a claim.
struct Reflex {
  std::string name;
  Value truth, override, gate, realised;
  bool binary = false;
  int64_t lead = 0;
  double discount = 0.0, lambda = 0.0, defer = 1.0;
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
