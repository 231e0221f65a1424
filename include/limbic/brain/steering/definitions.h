#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "limbic/brain/steering/expression.h"
#include "limbic/brain/steering/steering_config.h"

namespace limbic::brain::steering {

inline constexpr int64_t kMostDefinitions = 1024;  // of one program

/// Where a name comes from, or who asks about it.
enum class Part { kWorld, kSense, kVariable, kDrive, kProbe };

/// "sense", "variable", "drive".
std::string word_for(Part part);

/// One named line of the program, parsed.
struct Definition {
  Part part = Part::kSense;
  std::string name{};
  config::Mark mark{};
  int64_t ordinal = 0;                // among those of its part
  std::optional<Expression> value{};  // of a variable: its truth; nothing where it did not parse
  std::optional<Expression> override{}, gate{};  // of a variable; it may say no override
  const VariableConfig* variable = nullptr;      // of a variable
};

/// Senses, variables and drives, each in the order of the file, of a config that outlives them.
/// Notes what does not parse.
std::vector<Definition> definitions_of(const SteeringConfig& config, config::Problems& problems);

}  // namespace limbic::brain::steering
